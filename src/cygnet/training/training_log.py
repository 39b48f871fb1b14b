"""What is told while a stage trains? A row an epoch in ``log.csv``, a point a step for TensorBoard.

The event files lie in ``tensorboard/`` of the stage's folder (``tensorboard --logdir RUN``). They
are the one thing here that is written as it comes; a run that is resumed writes another file, and
TensorBoard passes over what the killed one wrote beyond the checkpoint.
"""

import csv
import io
from pathlib import Path
from typing import Any

from cygnet.durable import write_text_whole

FOLDER = "tensorboard"
_COLUMNS = ("epoch", "step", "loss", "learning_rate", "images_per_s")


def write_log(folder: Path, rows: list[list[float]]) -> None:
    """Write ``log.csv``: of each epoch the mean loss, the last rate and the speed."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_COLUMNS, *rows])
    write_text_whole(folder / "log.csv", text.getvalue())


class EventLog:
    """Points for TensorBoard; silent where tensorboardX is not installed or nothing is written."""

    def __init__(self, folder: Path, *, step: int, writes: bool) -> None:
        self._writer: Any = None
        if not writes:
            return
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(
            str(folder / FOLDER), purge_step=step if step else None, write_to_disk=True
        )

    def add(self, step: int, **values: float) -> None:
        """Add each value at ``step``."""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()
