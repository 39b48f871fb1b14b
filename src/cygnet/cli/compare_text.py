"""How a comparison is printed: ranks, pairs, and which files are nearly copies."""

import math
from collections.abc import Mapping, Sequence

from cygnet.cli import console
from cygnet.cli.score_text import interval_of, marked
from cygnet.evaluation import Agreement, Comparison, Estimate, Rank
from cygnet.report.numbers import (
    counted,
    format_count,
    format_limits,
    format_number,
    format_p_value,
)
from cygnet.report.scoring import ScoredFiles
from cygnet.report.words import metric_words

_MOST_PAIRS = 45
_NOT_KNOWN = "not known"
_EQUIVALENT: Mapping[object, str] = {True: "yes", False: "no", None: _NOT_KNOWN}
_OF_SEVERAL = ("all pairs together", "Holm's p")


def print_comparison(scored: ScoredFiles) -> None:
    """Print the models by rank, every pair, near copies, and the cautions."""
    comparison = scored.comparison or Comparison((), ())
    one = next(iter(scored.cards.values()))
    for notice in scored.read.notices:
        print(notice)
    print(
        f"{len(scored.cards)} models on {counted(one.n_images, 'image')} of "
        f"{counted(one.n_patients, 'patient')}, {format_count(one.n_positive)} malignant\n"
    )
    marks: dict[str, str] = {}
    rows = []
    for rank in comparison.ranks:
        auroc = scored.cards[rank.model].metrics["auroc"]
        first = f"{100 * rank.first_share:.0f} %" if rank.first_share is not None else ""
        rows.append(
            (rank.model, interval_of(auroc), _places(rank), first, marked(auroc, marks)),
        )
    header = ("Model", "AUROC (95 % interval)", "rank by AUROC", "first", "")
    console.print_table(header, rows)
    _print_pairs(comparison, marks)
    _print_copies(scored.agreement)
    print()
    for caution, mark in marks.items():
        print(f"{mark}  {caution}")
    for note in comparison.notes:
        print(note)
    if one.by:
        print("Subgroups of each model and their gaps: --json, cygnet report or cygnet score.")
    print('"first": share of bootstrap replicates in which the model is first; descriptive.')
    print(console.RESEARCH_USE)


def _places(rank: Rank) -> str:
    if rank.lower is None or rank.upper is None:
        return f"{rank.rank} (not known)"
    return f"{rank.rank} ({rank.lower} to {rank.upper})"


def _print_pairs(comparison: Comparison, marks: dict[str, str]) -> None:
    for metric in dict.fromkeys(pair.metric for pair in comparison.pairs):
        pairs = comparison.pairs_of(metric)
        shown = sorted(pairs, key=lambda pair: _p_value(pair.difference.details))[:_MOST_PAIRS]
        cells = [_cells(pair.difference, marks) for pair in shown]
        # One pair has nothing to hold together with; without a margin nothing is equivalent.
        named = [
            name
            for name in cells[0]
            if not (name in _OF_SEVERAL and len(pairs) == 1)
            and not (name == "equivalent" and "equivalent" not in shown[0].difference.details)
        ]
        rows = [
            (f"{pair.b} less {pair.a}", *(cell[name] for name in named))
            for pair, cell in zip(shown, cells, strict=True)
        ]
        print()
        console.print_table((metric_words(metric).title, *named), rows)
        if len(pairs) > len(shown):
            print(f"The {len(shown)} pairs with the smallest p of {len(pairs)}; --json has all.")


def _cells(one: Estimate, marks: dict[str, str]) -> dict[str, str]:
    """Say a difference, each cell under its heading."""
    joint = (one.details.get("simultaneous_lower"), one.details.get("simultaneous_upper"))
    lower, upper = (side if isinstance(side, float) else math.nan for side in joint)
    return {
        "difference (95 % interval)": interval_of(one),
        "all pairs together": _NOT_KNOWN if math.isnan(lower) else format_limits(lower, upper),
        "p": _said(one.details.get("p_value")),
        "Holm's p": _said(one.details.get("p_holm")),
        "equivalent": _EQUIVALENT[one.details.get("equivalent")],
        "": marked(one, marks),
    }


def _p_value(details: Mapping[str, object]) -> float:
    p = details.get("p_value")
    return p if isinstance(p, float) else math.inf


def _said(p: object) -> str:
    return format_p_value(p) if isinstance(p, float) else _NOT_KNOWN


def _print_copies(agreement: Sequence[Agreement]) -> None:
    copies = [pair for pair in agreement if pair.near_identical]
    if copies:
        print("\nNearly the same predictions:")
    for pair in copies:
        print(f"  {pair.a} and {pair.b}: {_alike(pair)}")


def _alike(pair: Agreement) -> str:
    rank = "one is constant" if math.isnan(pair.spearman) else f"Spearman {pair.spearman:.4f}"
    return f"{rank}, {100 * pair.same_share:.1f} % of images given the same number"


def print_agreement(agreement: Sequence[Agreement]) -> None:
    """Print how alike the files are, most alike first."""
    rows = [
        (
            f"{pair.a} and {pair.b}",
            _NOT_KNOWN if math.isnan(pair.spearman) else format_number(pair.spearman, 4),
            f"{100 * pair.same_share:.1f} %",
            format_number(pair.mean_difference),
            "nearly the same" if pair.near_identical else (pair.reason or ""),
        )
        for pair in agreement
    ]
    n_images = agreement[0].n_images
    print(f"{len(rows)} pairs of files on {counted(n_images, 'image')}, no truth\n")
    header = ("Files", "Spearman", "same number", "mean difference", "")
    console.print_table(header, rows, numeric=(1, 2, 3))
    if not any(pair.near_identical for pair in agreement):
        print("\nNo two files are nearly the same (Spearman 0.99 or more).")
    print(console.RESEARCH_USE)
