"""The command ``predict``: melanoma probabilities of images, from an exported model."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cygnet.cli import console


def predict_command(
    model: Annotated[Path, typer.Argument(help="A RUN's folder or its model.onnx.")],
    images: Annotated[
        list[Path], typer.Argument(help="Image files, folders of them, or one DATA.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The predictions.csv to make.")],
    part: Annotated[
        Literal["train", "test"],
        typer.Option("--part", help="Of a DATA with two parts: train or test."),
    ] = "test",
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
    was found to help; else each image alone.
    """
    from cygnet.inference.predict import opened_once, predict_files
    from cygnet.pipeline.context_apply import says_without_context, stage_of, with_context
    from cygnet.pipeline.subjects import images_to_predict
    from cygnet.predictions import write_predictions

    subjects = images_to_predict(images, part, allow_missing=allow_missing)
    console.say(subjects.sentence)
    stage = stage_of(opened_once(model))
    alone = says_without_context(stage, subjects.table)
    with console.progress("predicting", len(subjects.items)) as advance:
        result = predict_files(
            model,
            subjects.items,
            skip_bad_images=skip_bad_images,
            embeddings=alone is None and stage is not None and stage.features.space is not None,
            workers=workers,
            ray_address=ray,
            advance=advance,
        )
    probability = result.probability
    if alone is None and stage is not None and subjects.table is not None:
        probability = with_context(stage, result, subjects.table)
        alone = "Each image was judged beside the patient's others; the folds averaged last."
    write_predictions(out, result.image_names, probability)
    for fault in result.bad:
        console.say(f"left out: {fault}")
    if result.trained_on:
        console.say(
            f"warning: the model was trained on {len(result.trained_on):,} of these images "
            f"({', '.join(result.trained_on[:3])}, ...); their probabilities flatter it. The RUN's "
            "oof.csv has probabilities from models that did not see them."
        )
    if alone is not None and stage is not None:
        console.say(alone)
    console.say(console.RESEARCH_USE)
    console.say(f"made {out}: {len(result.image_names):,} probabilities")


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("predict")(predict_command)
