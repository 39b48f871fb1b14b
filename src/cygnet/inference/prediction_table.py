"""How is a table of predictions written while it is made? Row by row, whole or not at all.

Beside ``image_name`` and ``target`` stand what doubts there are: how far folds disagree, how far
the views do, and how unlike the training images the image is. A column that the model cannot fill
is left out.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from numpy.typing import ArrayLike

from cygnet.durable import write_whole
from cygnet.inference.model import Model
from cygnet.predictions import DOUBT_COLUMNS, quoted


def doubt_columns(model: Model, *, views: int | None) -> tuple[str, ...]:
    """Name the columns of doubt that ``model`` can fill with this number of views."""
    fold, view, unlike = DOUBT_COLUMNS
    told = {
        fold: model.n_folds > 1,
        view: (views or model.n_views) > 1,
        unlike: model.familiar is not None,
    }
    return tuple(name for name in DOUBT_COLUMNS if told[name])


class PredictionTable:
    """A table that is being written; see :func:`prediction_table`."""

    def __init__(self, stream: IO[bytes], doubts: Sequence[str]) -> None:
        self._stream, self.doubts = stream, tuple(doubts)
        self._write([",".join(("image_name", "target", *doubts))])

    def add(
        self, image_names: Sequence[str], probability: ArrayLike, doubts: Sequence[ArrayLike]
    ) -> None:
        """Add one row an image; ``doubts`` has an ``(n,)`` for each column of doubt."""
        numbers = [_floats(probability), *map(_floats, doubts)]
        rows = zip(image_names, *numbers, strict=True)
        self._write(",".join((quoted(name), *map(_cell, row))) for name, *row in rows)

    def _write(self, lines: Iterable[str]) -> None:
        self._stream.write("".join(f"{line}\n" for line in lines).encode("utf-8"))


@contextmanager
def prediction_table(path: Path, doubts: Sequence[str]) -> Iterator[PredictionTable]:
    """Open a table at ``path``; it stands there when all went well, and not before."""
    with write_whole(path) as stream:
        yield PredictionTable(stream, doubts)


def _floats(values: ArrayLike) -> list[float]:
    import numpy as np

    made: list[float] = np.asarray(values, np.float64).tolist()
    return made


def _cell(value: float) -> str:
    return "" if math.isnan(value) else repr(value)
