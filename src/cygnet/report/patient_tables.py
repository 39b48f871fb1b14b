"""Which numbers stand under a patient's map and places? All that is drawn, and the parts of it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cygnet.context.neighbourhood import Neighbourhood
from cygnet.report import numbers
from cygnet.report.patient_moves import Moves, words_of
from cygnet.report.svg import FloatArray
from cygnet.report.tables import Cell, Column, DataTable, count_cell, number_cell, table


def map_table(
    title: str, names: Sequence[str], target: NDArray[np.int64], around: Neighbourhood
) -> DataTable:
    """Give each lesion's place on the map, how odd it is, and its nearest by their numbers."""
    rows = [
        [
            *_named(at, names, target),
            number_cell(float(around.position[at, 0]), 2),
            number_cell(float(around.position[at, 1]), 2),
            number_cell(float(around.oddness[at]), 2),
            Cell(", ".join(str(one + 1) for one in around.nearest[at].tolist())),
            Cell("duckling" if at == around.duckling else ""),
        ]
        for at in range(len(names))
    ]
    columns = (
        *_NAMED,
        Column("Right", numeric=True),
        Column("Up", numeric=True),
        Column("Oddness", numeric=True),
        Column("Nearest"),
        Column("Mark"),
    )
    return table(f"{title}: where each lesion lies", columns, rows)


def moves_table(
    title: str,
    names: Sequence[str],
    target: NDArray[np.int64],
    before: FloatArray,
    after: FloatArray,
    moves: Moves,
) -> DataTable:
    """Give each lesion's places and probabilities, and every part of its change in log odds."""
    parts = moves.parts
    rows = [
        [
            *_named(at, names, target),
            count_cell(int(moves.before[at])),
            _probability(float(before[at])),
            count_cell(int(moves.after[at])),
            _probability(float(after[at])),
            number_cell(float(parts.after[at] - parts.before[at]), 2),
            *(number_cell(float(one), 2) for one in parts.parts[at]),
            Cell(moves.reason(at)),
        ]
        for at in range(len(names))
    ]
    columns = (
        *_NAMED,
        Column("Place alone", numeric=True),
        Column("Probability alone", numeric=True),
        Column("Place with context", numeric=True),
        Column("Probability with context", numeric=True),
        Column("Change in log odds", numeric=True),
        *(Column(words_of(name).title.capitalize(), numeric=True) for name in parts.names),
        Column("What moved it"),
    )
    return table(f"{title}: the parts add up to the change in log odds", columns, rows)


_NAMED = (Column("Number"), Column("Lesion"), Column("Truth"))


def _named(at: int, names: Sequence[str], target: NDArray[np.int64]) -> list[Cell]:
    return [
        Cell(str(at + 1)),
        Cell(names[at]),
        Cell("melanoma" if target[at] else "benign"),
    ]


def _probability(value: float) -> Cell:
    return Cell(numbers.format_probability(value), value)
