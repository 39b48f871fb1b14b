"""The main job: curation, training, evaluation, report, in that order.

Its parts are imported when they are asked for, so that prediction, which needs few, starts fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cygnet.pipeline.following import follow
    from cygnet.pipeline.job import RunResult, run, train
    from cygnet.pipeline.request import Progress, RunRequest

__all__ = ["Progress", "RunRequest", "RunResult", "follow", "run", "train"]

_HOMES = {
    "Progress": "request",
    "RunRequest": "request",
    "RunResult": "job",
    "follow": "following",
    "run": "job",
    "train": "job",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"cygnet.pipeline.{_HOMES[name]}"), name)
