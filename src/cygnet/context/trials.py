"""What is tried to learn whether context helps? Splits, thinned draws and placebos, one task each.

Every task deals its own folds from its seed, so that tasks run side by side and the same seeds give
the same answers. Seeds are declared before: 0, 1, 2, ...
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cygnet.context.features import Features
from cygnet.context.learners import COUNT
from cygnet.context.lesions import Codes, Floats, Lesions
from cygnet.context.nested import (
    WITHOUT,
    WITHOUT_GIVEN_COUNT,
    Arm,
    Predicted,
    context_arm,
    predicted,
)
from cygnet.context.relative import dealt_within_folds, rows_of_each
from cygnet.context.set_network import Trainer
from cygnet.shards import run_shards

N_SPLITS = 10
N_PLACEBOS = 10
THINNED_TO = (8, 15)
N_DRAWS = 4
N_ARTEFACTS = 2
_PLACEBO_SEED, _THINNING_SEED = 1_000, 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One trial: what it is, on which lesions, from which seed, by which arms.

    ``artefact`` is the name and the values ``(n_images,)`` of what is added to context to be seen.
    """

    kind: str
    lesions: Lesions
    target: Codes
    seed: int
    arms: tuple[Arm, ...]
    thinned_to: int | None = None
    artefact: tuple[str, Floats] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What a task gave: each arm's predictions of the images ``images``, indices of the whole."""

    kind: str
    seed: int
    thinned_to: int | None
    artefact: str | None
    images: Codes
    predicted: tuple[Predicted, ...]


def run_task(task: Task) -> Trial:
    """Compute the numbers of a task's lesions and predict them by each arm, nested.

    In one thread: tasks run side by side, and threads that wait for one another cost four times
    the work.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return _run(task)


def _run(task: Task) -> Trial:
    images = np.arange(task.lesions.n_images)
    lesions = task.lesions
    generator = np.random.default_rng(task.seed)
    if task.kind == "placebo":
        lesions = lesions.dealt(placebo_order(lesions, generator))
    if task.thinned_to is not None:
        images = thinned(lesions, task.thinned_to, generator)
        lesions = lesions.chosen(images)
    target = task.target[images]
    columns = Features.of(lesions, seed=task.seed).columns(lesions)
    columns[COUNT] = np.log(lesions.counts()[0].astype(np.float64))
    added = None
    if task.artefact is not None:
        added, values = task.artefact
        columns[added] = values[images]
    made = predicted(task.arms, columns, lesions, target, seed=task.seed)
    return Trial(task.kind, task.seed, task.thinned_to, added, images, tuple(made))


def placebo_order(lesions: Lesions, generator: np.random.Generator) -> Codes:
    """Deal all images' opinions to the slots at random; embeddings stay within their fold."""
    if lesions.embedding is None:
        return generator.permutation(lesions.n_images)
    return dealt_within_folds(lesions.fold, generator)


def thinned(lesions: Lesions, n_images: int, generator: np.random.Generator) -> Codes:
    """Draw ``n_images`` images of each patient who has as many; the others are left out."""
    kept = [
        generator.choice(rows, n_images, replace=False)
        for rows in rows_of_each(lesions.patient, lesions.n_patients)
        if rows.size >= n_images
    ]
    return np.sort(np.concatenate(kept)) if kept else np.empty(0, dtype=np.int64)


def tasks_of(
    lesions: Lesions,
    target: Codes,
    *,
    trainer: Trainer | None = None,
    n_splits: int = N_SPLITS,
    n_placebos: int = N_PLACEBOS,
    n_draws: int = N_DRAWS,
) -> list[Task]:
    """List the trials that decide: splits with and without the count, thinned draws, placebos.

    With a ``trainer`` the set network is among the learners with context.
    """
    with_arm = context_arm(lesions, trainer=trainer)
    given_count = context_arm(lesions, also=(COUNT,), trainer=trainer)
    arms = (WITHOUT, with_arm, WITHOUT_GIVEN_COUNT, given_count)
    tasks = [Task("split", lesions, target, seed, arms) for seed in range(n_splits)]
    for size in THINNED_TO:
        if _enough(lesions, target, size):
            tasks += [
                Task(
                    "thinned",
                    lesions,
                    target,
                    _THINNING_SEED + 100 * size + draw,
                    (WITHOUT, with_arm),
                    thinned_to=size,
                )
                for draw in range(n_draws)
            ]
    tasks += [
        Task("placebo", lesions, target, _PLACEBO_SEED + seed, (with_arm,))
        for seed in range(n_placebos)
    ]
    return tasks


def artefact_tasks(
    lesions: Lesions, target: Codes, artefacts: Mapping[str, Floats], *, n_splits: int = N_ARTEFACTS
) -> list[Task]:
    """List trials of context beside context with one artefact ``(n_images,)`` added, each alone."""
    return [
        Task(
            "artefact",
            lesions,
            target,
            seed,
            (context_arm(lesions), context_arm(lesions, also=(name,))),
            artefact=(name, values),
        )
        for name, values in artefacts.items()
        for seed in range(n_splits)
    ]


def _enough(lesions: Lesions, target: Codes, size: int) -> bool:
    """Say whether so many thinned patients have a melanoma that folds can hold one each."""
    n = np.bincount(lesions.patient, minlength=lesions.n_patients)
    bearing = np.bincount(lesions.patient, target, lesions.n_patients) * size / np.maximum(n, 1)
    return bool(np.sum(np.minimum(bearing[n >= size], 1.0)) >= 20)


def run_tasks(
    tasks: Sequence[Task], *, workers: int | None = None, advance: Callable[[int], None]
) -> list[Trial]:
    """Run the tasks on the processors at hand; ``advance`` is told of each that is done."""
    done: dict[int, Trial] = {}
    for index, trial in run_shards(run_task, tasks, workers=workers):
        done[index] = trial
        advance(1)
    return [done[index] for index in range(len(tasks))]
