"""The commands ``ensemble`` and ``distil``: several runs made into one."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cygnet.cli import console


def ensemble_command(
    truth: Annotated[
        Path, typer.Argument(help="A CSV with image_name, patient_id and target: train.csv.")
    ],
    runs: Annotated[list[Path], typer.Argument(help="RUN folders on the same folds.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print ensemble.json.")] = False,
) -> None:
    """Combine the out-of-fold scores of several runs, and say how they differ.

    By the mean of ranks, the mean of logits, and stacking whose weights for a fold are fitted on
    the other folds.
    """
    from cygnet.cli.one_thread import multiply_in_one_thread

    multiply_in_one_thread()
    from cygnet.pipeline.ensemble_job import ensemble

    document = ensemble(truth, runs, out)
    if as_json:
        console.print_json(document)
    else:
        _print(document)
    console.say(console.RESEARCH_USE)
    console.say(f"made {out}: out-of-fold scores of three combinations, ensemble.json")


def distil_command(
    truth: Annotated[
        Path, typer.Argument(help="A CSV with image_name, patient_id and target: train.csv.")
    ],
    runs: Annotated[list[Path], typer.Argument(help="RUN folders on the same folds.")],
    out: Annotated[Path, typer.Option("--out", help="The folder to make.")],
    recipe: Annotated[
        str | None,
        typer.Option(help="The student's recipe; the first run's where none is given."),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="Start weights of the backbone (safetensors).")
    ] = None,
    pack: Annotated[
        Path | None, typer.Option(help="The pack of the runs, if it is not in the first.")
    ] = None,
) -> None:
    """Teach one network what several runs said out of fold, and export it as one small model."""
    from cygnet.pipeline.distil_job import DistilRequest, distil
    from cygnet.training.recipe import read_recipe

    chosen = read_recipe(recipe or str(runs[0] / "recipe.toml"))
    request = DistilRequest(
        truth=truth, runs=tuple(runs), out=out, recipe=chosen, weights=weights, pack=pack
    )
    with console.progress("distilling", 0) as advance:
        said = distil(request, advance)
    found = said["distilled"]
    console.say(console.RESEARCH_USE)
    console.say(
        f"made {out / 'model.onnx'}: correlation with its teachers on what it learnt from "
        f"{found['correlation_with_teacher']:.2f}, {found['n_images']:,} images. {found['note']}"
    )


def _print(document: dict[str, Any]) -> None:
    rows = [(name, _with_limits(one)) for name, one in document["auroc"].items()]
    console.print_table(("model", "AUROC (95 %)"), rows, numeric=(1,))
    pairs = [
        (
            f"{one['a']}, {one['b']}",
            *(_number(one[key]) for key in ("spearman", "spearman_melanoma", "spearman_benign")),
            f"{one['disagreement']:.1%}",
        )
        for one in document["diversity"]
    ]
    header = ("pair", "rank correlation", "among melanomas", "among benign", "disagree on")
    console.print_table(header, pairs, numeric=(1, 2, 3, 4))


def _with_limits(one: dict[str, Any]) -> str:
    if one["lower"] is None:
        return f"{one['estimate']:.3f}"
    return f"{one['estimate']:.3f} ({one['lower']:.3f} to {one['upper']:.3f})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("ensemble")(ensemble_command)
    app.command("distil")(distil_command)
