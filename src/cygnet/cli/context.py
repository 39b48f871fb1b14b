"""The command ``context``: does a lesion beside the patient's others tell more than alone?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cygnet.cli import console

if TYPE_CHECKING:
    from cygnet.evaluation import Estimate, Pair
    from cygnet.pipeline.context_job import ContextResult


def context_command(
    oof: Annotated[
        Path,
        typer.Argument(
            metavar="OOF", help="A CSV with image_name, fold and target: out-of-fold scores."
        ),
    ],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Their folder of tables, or a CSV.")],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to make.")],
    embeddings: Annotated[
        Path | None, typer.Option(metavar="FILE", help="embeddings.arrow of the same run.")
    ] = None,
    artefacts: Annotated[
        bool,
        typer.Option(
            "--artefacts",
            help="Add the count, image size and row order one at a time, to see them.",
        ),
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes to run on; by default one a processor.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Give the result as JSON.")] = False,
) -> None:
    """Fit patient context on out-of-fold scores, and judge what it adds.

    Ten splits of patients, the number of images given to both sides, patients thinned to equal
    numbers, and a placebo. A claim needs all three differences above zero.
    """
    from cygnet.pipeline.context_job import judge_context

    result = judge_context(
        oof,
        data,
        out,
        embeddings=embeddings,
        artefacts=artefacts,
        workers=workers,
        progress=console.TerminalProgress(),
    )
    if as_json:
        console.print_json(result.as_json())
    else:
        _print(result)


def _print(result: "ContextResult") -> None:
    judgement = result.judgement
    without, with_context = judgement.without, judgement.with_context
    rows = [
        ("without context", _interval(without.metrics["auroc"]), ""),
        ("with context", _interval(with_context.metrics["auroc"]), ""),
    ]
    console.print_table(("AUROC, mean of ten splits", "(95 % interval)", ""), rows)
    print()
    pairs = (
        ("plain", judgement.difference),
        ("given the number of images", judgement.difference_given_count),
        ("thinned to equal numbers", judgement.difference_thinned),
        ("against the raw score", judgement.from_raw),
        ("within patients", judgement.within),
    )
    console.print_table(
        ("With context, minus without", "difference (95 % interval)", "p"),
        [_row(name, pair) for name, pair in pairs],
    )
    print()
    console.print_table(
        ("Placebo: scores dealt at random", "AUROC (95 % interval)"),
        [("context from nothing", _interval(judgement.placebo))],
    )
    for title, named in (
        ("Where", [(f"{column}: {level}", pair) for column, level, pair in judgement.by]),
        ("Artefacts added to context", list(judgement.artefacts)),
    ):
        if named:
            print()
            header = (title, "difference (95 % interval)", "p")
            console.print_table(header, [_row(name, pair) for name, pair in named])
    print()
    chosen = ", ".join(f"{name} {n}" for name, n in judgement.chosen["with"].items())
    print(f"Learners taken with context, over all outer folds: {chosen}.")
    print(_verdict(result))
    print(console.RESEARCH_USE)
    print(f"The stage and its judgement are in {result.out}")


def _verdict(result: "ContextResult") -> str:
    if result.judgement.supported:
        return "Supported: context adds to the image model, beyond the number of images."
    return (
        "Not supported: the three differences do not all lie above zero, so no claim can be made "
        "that context helps here."
    )


def _row(name: str, pair: "Pair") -> tuple[str, str, str]:
    from cygnet.report.numbers import format_p_value

    p = pair.difference.details.get("p_value")
    reason = pair.difference.reason or ""
    said = format_p_value(p) if isinstance(p, float) else reason
    return name, _interval(pair.difference), said


def _interval(one: "Estimate") -> str:
    from cygnet.report.numbers import format_interval

    return format_interval(one.estimate, one.lower, one.upper)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("context")(context_command)
