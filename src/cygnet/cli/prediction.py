"""The command ``predict``: melanoma probabilities of images, from an exported model."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cygnet.cli import console


def predict_command(
    model: Annotated[Path, typer.Argument(help="A RUN's folder or its model.onnx.")],
    images: Annotated[
        list[str],
        typer.Argument(
            help="Image files, folders of them, s3://BUCKET/PREFIX?endpoint=URL, or one DATA."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The predictions.csv to make.")],
    part: Annotated[
        Literal["train", "test"],
        typer.Option("--part", help="Of a DATA with two parts: train or test."),
    ] = "test",
    views: Annotated[
        int | None,
        typer.Option("--views", help="Flips of each image to average: 1, 2, 4 or 8."),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that predict.")] = 1,
    ray: Annotated[str | None, typer.Option("--ray", help="Address of a Ray cluster.")] = None,
    *,
    skip_bad_images: Annotated[
        bool, typer.Option("--skip-bad-images", help="Leave out images that cannot be read.")
    ] = False,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Go on with the images that are present.")
    ] = False,
) -> None:
    """Score images with an exported model; torch is not needed.

    Beside the patient's other lesions where the table names patients and the model's context stage
    was found to help; else each image alone. The table says how far folds and views disagree, and
    how unlike the training images each image is.
    """
    from cygnet.pipeline.prediction_job import PredictionRequest, predict_to_table
    from cygnet.pipeline.subjects import images_to_predict

    if views not in {None, 1, 2, 4, 8}:
        raise typer.BadParameter("--views is 1, 2, 4 or 8")
    subjects = images_to_predict(images, part, allow_missing=allow_missing)
    console.say(subjects.sentence)
    request = PredictionRequest(
        model=model,
        out=out,
        views=views,
        skip_bad_images=skip_bad_images,
        workers=workers,
        ray_address=ray,
    )
    with console.progress("predicting", len(subjects.items)) as advance:
        summary = predict_to_table(request, subjects, advance)
    for fault in summary.bad:
        console.say(f"left out: {fault}")
    if summary.n_trained_on:
        console.say(
            f"warning: the model was trained on {summary.n_trained_on:,} of these images "
            f"({', '.join(summary.trained_on)}, ...); their probabilities flatter it. The RUN's "
            "oof.csv has probabilities from models that did not see them."
        )
    if summary.n_unlike:
        console.say(
            f"warning: {summary.n_unlike:,} of these images are unlike those that the model was "
            f"trained on ({', '.join(summary.unlike)}, ...): their probabilities mean little."
        )
    if summary.context is not None:
        console.say(summary.context)
    console.say(console.RESEARCH_USE)
    console.say(f"made {out}: {summary.n_images:,} probabilities")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("predict")(predict_command)
