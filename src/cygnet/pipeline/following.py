"""How do several processes do one run? The first prepares and writes, the others train with it.

Started by torchrun; the first hands its plan over when it has one, or nothing when it failed, so
that nobody waits for it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cygnet.pipeline.request import RunRequest

if TYPE_CHECKING:
    from cygnet.training.crossval import TrainingPlan


@contextmanager
def handed_over() -> "Iterator[Callable[[TrainingPlan], None]]":
    """Give the function by which the first process hands its plan to the others."""
    from cygnet.training.processes import Processes

    processes = Processes.at_hand()

    def hand_over(plan: "TrainingPlan") -> None:
        processes.shared(plan)

    try:
        yield hand_over
    except BaseException:
        processes.shared(None)
        raise


def follow(request: RunRequest) -> bool:
    """Train with the first process where this is another; give False where it is the first.

    Nothing is written or said. Where the first process failed, it has said why, and this one ends.
    """
    from cygnet.training.processes import Processes, leave

    processes = Processes.at_hand()
    if processes.writes:
        return False
    from cygnet.training.crossval import TrainingPlan, train_folds

    plan: TrainingPlan | None = processes.shared(None)
    if plan is None:
        sys.exit(1)
    train_folds(plan, request.out, lambda _: None)
    leave()
    return True
