"""The command ``explain``: where in the picture a model's numbers come from."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cygnet.cli import console


def explain_command(
    model: Annotated[Path, typer.Argument(help="A RUN's folder or its model.onnx.")],
    images: Annotated[list[str], typer.Argument(help="Image files, folders of them, or one DATA.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
    part: Annotated[
        Literal["train", "test"],
        typer.Option("--part", help="Of a DATA with two parts: train or test."),
    ] = "test",
    *,
    skip_bad_images: Annotated[
        bool, typer.Option("--skip-bad-images", help="Leave out images that cannot be read.")
    ] = False,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Go on with the images that are present.")
    ] = False,
) -> None:
    """Draw what each place of an image added to its logit; torch is not needed.

    A picture and the numbers for each image, and a page of them all.
    """
    from cygnet.pipeline.explain_job import PAGE, explain_to_folder
    from cygnet.pipeline.subjects import images_to_predict

    subjects = images_to_predict(images, part, allow_missing=allow_missing)
    with console.progress("explaining", len(subjects.items)) as advance:
        made = explain_to_folder(
            model, subjects, out, skip_bad_images=skip_bad_images, advance=advance
        )
    for fault in made.bad:
        console.say(f"left out: {fault}")
    console.say(made.check)
    console.say(console.RESEARCH_USE)
    console.say(f"made {out / PAGE}: {made.n_images:,} images")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("explain")(explain_command)
