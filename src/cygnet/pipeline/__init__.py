"""The main job: curation, training, evaluation, report, in that order."""

from cygnet.pipeline.following import follow
from cygnet.pipeline.job import RunResult, run, train
from cygnet.pipeline.request import Progress, RunRequest

__all__ = ["Progress", "RunRequest", "RunResult", "follow", "run", "train"]
