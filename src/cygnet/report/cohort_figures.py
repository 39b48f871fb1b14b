"""Who and what is in a cohort? Its diagnoses, sites, ages and images a patient, as bars.

Draws counts that were made elsewhere. A bar carries its count and share in words, so that none has
to be read off an axis; melanoma alone is drawn in the accent.
"""

from collections.abc import Mapping
from typing import Final

from cygnet.report import numbers
from cygnet.report.figures import Figure
from cygnet.report.svg import Drawing, shortened
from cygnet.report.tables import Cell, Column, DataTable, count_cell, table

_WIDTH: Final = 340.0
_ROW: Final = 40.0
_BAR: Final = 10.0
_SIZE: Final = 14.0
_MOST_BARS: Final = 12


def counts_figure(
    counts: Mapping[str, int],
    *,
    key: str,
    title: str,
    caption: str,
    noun: str = "Images",
    marked: str = "melanoma",
    styled: bool = True,
) -> Figure:
    """Draw ``counts`` as bars in their order; ``marked`` is drawn in the accent.

    What is beyond twelve bars stands in the table alone, and the caption says so. ``styled`` is as
    in :meth:`Drawing.markup`.
    """
    total = sum(counts.values())
    drawn = list(counts.items())[:_MOST_BARS]
    said = ", ".join(f"{label} {count:,}" for label, count in drawn)
    drawing = Drawing(_WIDTH, _ROW * max(len(drawn), 1), title, f"{noun}: {said}")
    most = max((count for _, count in drawn), default=0)
    for place, (label, count) in enumerate(drawn):
        top = _ROW * place
        words = _written(count, total)
        room = _WIDTH - len(words) * _SIZE * 0.57 - 8
        drawing.text(0, top + 16, shortened(label, room, _SIZE), "label")
        drawing.text(_WIDTH, top + 16, words, "detail", "end")
        drawing.box(0, top + 23, _WIDTH, _BAR, "bar-ground")
        # One that is there is seen, however few it has.
        length = max(_WIDTH * count / most, 1.5) if count else 0.0
        drawing.box(0, top + 23, length, _BAR, "class1" if label == marked else "class0")
    left = len(counts) - len(drawn)
    more = f" {numbers.counted(left, 'rarer value')} in the table alone." if left else ""
    return Figure(
        key,
        title,
        caption + more,
        (drawing.markup(styled=styled),),
        _table(title, noun, counts),
    )


def _written(count: int, total: int) -> str:
    if not total:
        return numbers.format_count(count)
    return f"{numbers.format_count(count)} ({numbers.format_share(count / total)})"


def _table(title: str, noun: str, counts: Mapping[str, int]) -> DataTable:
    total = sum(counts.values())
    return table(
        title,
        [Column("Value"), Column(noun, numeric=True), Column("Share", numeric=True)],
        [
            (
                Cell(label),
                count_cell(count),
                Cell(numbers.format_share(count / total), count / total) if total else Cell(""),
            )
            for label, count in counts.items()
        ],
    )
