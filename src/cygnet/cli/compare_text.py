"""How a comparison is printed: ranks, pairs, and which files are nearly copies."""

import math
from collections.abc import Mapping, Sequence

from cygnet.cli import console
from cygnet.cli.score_text import interval_of, marked
from cygnet.evaluation import Agreement, Comparison, Rank
from cygnet.report.numbers import counted, format_count, format_number, format_p_value
from cygnet.report.scoring import ScoredFiles
from cygnet.report.words import metric_words

_MOST_PAIRS = 45
_EQUIVALENT: Mapping[object, str] = {True: "yes", False: "no", None: "not known"}


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
    header = ("Model", "AUROC (95 % interval)", "rank", "first", "")
    console.print_table(header, rows)
    _print_pairs(comparison, marks)
    _print_copies(scored.agreement)
    print()
    for caution, mark in marks.items():
        print(f"{mark}  {caution}")
    for note in comparison.notes:
        print(note)
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
        with_margin = any("equivalent" in pair.difference.details for pair in shown)
        rows = []
        for pair in shown:
            one = pair.difference
            p, p_holm = one.details.get("p_value"), one.details.get("p_holm")
            row = [
                f"{pair.b} less {pair.a}",
                interval_of(one),
                _said(p),
                _said(p_holm),
                marked(one, marks),
            ]
            if with_margin:
                row.insert(4, _EQUIVALENT[one.details.get("equivalent")])
            rows.append(tuple(row))
        title = metric_words(metric).title
        header = [title, "difference (95 % interval)", "p", "Holm's p", ""]
        if with_margin:
            header.insert(4, "equivalent")
        print()
        console.print_table(tuple(header), rows)
        if len(pairs) > len(shown):
            print(f"The {len(shown)} pairs with the smallest p of {len(pairs)}; --json has all.")


def _p_value(details: Mapping[str, object]) -> float:
    p = details.get("p_value")
    return p if isinstance(p, float) else math.inf


def _said(p: object) -> str:
    return format_p_value(p) if isinstance(p, float) else "not known"


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
            "not known" if math.isnan(pair.spearman) else format_number(pair.spearman, 4),
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
    print(console.RESEARCH_USE)
