"""How is a re-scoring asked for on a page? It runs in a thread; the page shows how far it is.

One at a time, of this process. What it found is lost with the process; asking again costs nothing.
"""

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from django.db import close_old_connections

from cygnet.errors import CygnetError
from cygnet.site.contest.models import Submission
from cygnet.site.contest.rescoring import rescore_open

log = logging.getLogger(__name__)


@dataclass
class Job:
    """One re-scoring: how far it is, and what it found."""

    n_all: int
    n_done: int = 0
    found: dict[str, Any] | None = None
    problem: str = ""
    thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def runs(self) -> bool:
        """Whether it is at work."""
        return self.found is None and not self.problem


_lock = threading.Lock()
_jobs: list[Job] = []


def last() -> Job | None:
    """Give the re-scoring that runs or ran last."""
    return _jobs[-1] if _jobs else None


def start(*, apply: bool) -> Job:
    """Begin one, unless one runs."""
    with _lock:
        job = last()
        if job is not None and job.runs:
            return job
        job = Job(Submission.objects.count())
        _jobs[:] = [job]
        job.thread = threading.Thread(target=_run, args=(job,), kwargs={"apply": apply})
        job.thread.daemon = True
        job.thread.start()
        return job


def _run(job: Job, *, apply: bool) -> None:
    def advance(n_more: int) -> None:
        job.n_done += n_more

    try:
        job.found = rescore_open(apply=apply, advance=advance)
    except CygnetError as error:
        job.problem = str(error)
    # Whatever it was, the page must not wait for ever.
    except Exception:
        log.exception("a re-scoring failed")
        job.problem = "It failed; why stands in the log of the server. Nothing was changed."
    finally:
        close_old_connections()
