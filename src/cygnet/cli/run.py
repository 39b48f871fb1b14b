"""Commands of the main job: ``quickstart``, ``run`` and ``train``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cygnet.cli import console

if TYPE_CHECKING:
    from cygnet.pipeline import RunResult

Data = Annotated[Path, typer.Argument(help="A folder of images and its table, or one CSV.")]
Out = Annotated[Path, typer.Option("--out", help="The RUN folder to make.")]
RecipeOption = Annotated[
    str, typer.Option("--recipe", help="A recipe that ships with Cygnet, or a TOML file.")
]
Extra = Annotated[
    list[Path] | None, typer.Option("--extra", help="More data to learn from, never scored.")
]
Weights = Annotated[
    Path | None, typer.Option("--weights", help="Start weights of the backbone (safetensors).")
]
Folds = Annotated[
    Path | None, typer.Option("--folds", help="Folds to use: a CSV of image_name and fold.")
]
PackOption = Annotated[
    Path | None, typer.Option("--pack", help="A pack made by cygnet cohort pack.")
]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Go on with the images that are present.")
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad-images", help="Leave out images that cannot be read.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print metrics.json on standard output.")]


Workers = Annotated[int | None, typer.Option("--workers", help="Processes that pack images.")]

_JOBS = {
    "run": "Audit, folds, pack, train, score, predict, report: from DATA to a RUN.",
    "train": "Do what run does up to the scored, exported model; no submission, no report.",
}


def quickstart_command(
    out: Annotated[
        Path, typer.Option("--out", help="The RUN folder to make, with its cohort inside.")
    ] = Path("cygnet-quickstart"),
    *,
    as_json: AsJson = False,
) -> None:
    """Draw a small synthetic cohort, then do on it what run does: three minutes."""
    from cygnet.pipeline.quickstart import quickstart

    result = quickstart(out, console.TerminalProgress(), command=console.said_command())
    _show(result, as_json=as_json)


def run_or_train(
    context: typer.Context,
    data: Data,
    out: Out,
    recipe: RecipeOption = "cpu",
    extra: Extra = None,
    weights: Weights = None,
    folds: Folds = None,
    pack: PackOption = None,
    *,
    allow_missing: AllowMissing = False,
    skip_bad_images: SkipBad = False,
    resume: Resume = False,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Build the request that both commands take, and do the one that was called."""
    from cygnet.pipeline import RunRequest, follow, run, train
    from cygnet.pipeline.job import require_train_extra
    from cygnet.training.recipe import read_recipe

    require_train_extra()
    from cygnet.training.processes import restarted

    request = RunRequest(
        data=data,
        out=out,
        recipe=read_recipe(recipe),
        extra=tuple(extra or ()),
        weights=weights,
        folds=folds,
        pack=pack,
        allow_missing=allow_missing,
        skip_bad_images=skip_bad_images,
        resume=resume or restarted(),
        workers=workers,
        command=console.said_command(),
    )
    if follow(request):
        return
    job = train if context.info_name == "train" else run
    _show(job(request, console.TerminalProgress()), as_json=as_json)


def _show(result: "RunResult", *, as_json: bool) -> None:
    from cygnet.report.numbers import format_interval

    if as_json:
        sys.stdout.write((result.out / "metrics.json").read_text(encoding="utf-8"))
    else:
        rows = [
            (label, format_interval(found.estimate, found.lower, found.upper))
            for label, found in [
                ("This model, out of fold", result.card.metrics["auroc"]),
                *result.shortcuts.values(),
            ]
        ]
        card = result.card
        console.print_table(("AUROC", "estimate (95 % interval)"), rows)
        console.output().print(
            f"{card.n_images} images of {card.n_patients} patients, {card.n_positive} melanomas."
        )
    for sentence in [*result.notices, console.RESEARCH_USE]:
        console.say(sentence)
    made = result.report if result.report is not None else result.out / "model.onnx"
    console.say(f"made {made}")


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("quickstart")(quickstart_command)
    for name, does in _JOBS.items():
        app.command(name, help=does)(run_or_train)
