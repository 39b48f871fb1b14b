"""The main job: curation, training, evaluation, report, in that order."""

from cygnet.pipeline.job import RunResult, run, train
from cygnet.pipeline.request import Progress, RunRequest

__all__ = ["Progress", "RunRequest", "RunResult", "run", "train"]
