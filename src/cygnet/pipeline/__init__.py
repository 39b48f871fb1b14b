"""The main job: curation, training, evaluation, report, in that order."""

from cygnet.pipeline.request import Progress, RunRequest
from cygnet.pipeline.run import RunResult, run, train

__all__ = ["Progress", "RunRequest", "RunResult", "run", "train"]
