"""Which learner, and how good is it where it was not fitted? Nested folds that share no patient.

In each outer fold the learner is chosen by AUROC in inner folds of the others (the simplest within
one standard error of the best), refitted on them and applied. Both arms choose among the same
kinds; only what they see differs.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from cygnet.cohort.folds import make_folds
from cygnet.context.circumstances import SITE
from cygnet.context.features import ADDED_UP, LEVEL, OWN, SAFE_TOGETHER
from cygnet.context.learners import (
    COUNT,
    Columns,
    Fit,
    Fitted,
    fit_linear,
    fit_raw,
    fit_rule,
    fit_splines,
    fit_trees,
)
from cygnet.context.lesions import Codes, Floats, Lesions
from cygnet.context.resemblance import RESEMBLANCES
from cygnet.context.set_network import NAME, Trainer, fit_set_network
from cygnet.evaluation.sample import make_sample
from cygnet.evaluation.several_models import Models

N_OUTER = 5
N_INNER = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A learner and the columns it may see."""

    name: str
    fit: Fit
    sees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arm:
    """What one side of a comparison may choose among."""

    name: str
    candidates: tuple[Candidate, ...]


def arm(
    name: str,
    *,
    context: bool,
    resemblances: Sequence[str] = (),
    beside: Sequence[str] = (),
    also: Sequence[str] = (),
    trainer: Trainer | None = None,
) -> Arm:
    """Give the arm with or without context; ``also`` are columns that every learner sees.

    Raw score, a line, splines and trees stand in both; with context a rule without parameters too.
    ``resemblances`` are the columns of embeddings, ``beside`` that of the site beside the patient's
    others: the learners that add up may see both. With a
    ``trainer`` the set network over them is one more learner.
    """
    added = (*ADDED_UP, *resemblances, *beside) if context else ()
    level = (LEVEL,) if context else ()
    together = (*SAFE_TOGETHER, *resemblances[:1]) if context else ()
    candidates = [
        Candidate("raw", fit_raw, (OWN,)),
        Candidate("linear", fit_linear, (OWN, *added, *level, *also)),
        Candidate("splines", fit_splines, (OWN, *added, *also)),
        Candidate("trees", fit_trees, (OWN, *together, *also)),
    ]
    if context:
        candidates.insert(1, Candidate("rule", fit_rule, (OWN, LEVEL)))
    if context and resemblances and trainer is not None:
        fit_network = partial(fit_set_network, trainer=trainer)
        candidates.append(Candidate(NAME, fit_network, (OWN, NAME, *also)))
    if not added and not also:
        # A line of the score alone is the raw score.
        candidates = [one for one in candidates if one.name != "linear"]
    return Arm(name, tuple(candidates))


def context_arm(
    lesions: Lesions, *, also: Sequence[str] = (), trainer: Trainer | None = None
) -> Arm:
    """Give the arm with context for ``lesions``: their looks are in it where they are known."""
    looks = RESEMBLANCES if lesions.embedding is not None else ()
    beside = () if lesions.site is None else (SITE,)
    return arm("with", context=True, resemblances=looks, beside=beside, also=also, trainer=trainer)


WITHOUT = arm("without", context=False)
WITHOUT_GIVEN_COUNT = arm("without", context=False, also=(COUNT,))


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What an arm gives where it was not fitted: probabilities ``(n_images,)``, and its choices."""

    probability: Floats
    chosen: Mapping[str, int]


def folds_of(lesions: Lesions, target: Codes, *, k: int, seed: int) -> Codes:
    """Deal patients into ``k`` folds, balanced in melanomas and images, ``(n_images,)``."""
    table = pl.DataFrame(
        {
            "image_name": lesions.image_name.astype(str),
            "patient_id": lesions.patient,
            "lesion_id": lesions.lesion,
            "target": target,
        }
    )
    return make_folds(table, k=k, seed=seed)["fold"].to_numpy()


def predicted(
    arms: Sequence[Arm], columns: Columns, lesions: Lesions, target: Codes, *, seed: int
) -> list[Predicted]:
    """Predict every image by each arm, fitted on other patients; the arms share all folds.

    A patient's only lesion has no context: it gets the raw score's calibrated probability in every
    arm. Images of one lesion share the weight of one.
    """
    outer = folds_of(lesions, target, k=N_OUTER, seed=seed)
    weight = lesion_weights(lesions)
    alone = lesions.counts()[1] == 1
    probability = np.empty((len(arms), lesions.n_images))
    chosen: list[Counter[str]] = [Counter() for _ in arms]
    for fold in range(N_OUTER):
        fitting, scored = outer != fold, outer == fold
        part = lesions.chosen(np.flatnonzero(fitting))
        inner = folds_of(part, target[fitting], k=N_INNER, seed=seed)
        here, there = _of(columns, fitting), _of(columns, scored)
        raw = fit_raw(here, (OWN,), target[fitting], weight[fitting])(there)
        for place, one in enumerate(arms):
            best = choose(one, here, target[fitting], weight[fitting], inner, part.patient)
            chosen[place][best.name] += 1
            fitted = fit(best, here, target[fitting], weight[fitting])
            probability[place, scored] = np.where(alone[scored], raw, fitted(there))
    return [Predicted(p, dict(c)) for p, c in zip(probability, chosen, strict=True)]


def choose(
    one: Arm, columns: Columns, target: Codes, weight: Floats, inner: Codes, patient: Codes
) -> Candidate:
    """Choose the simplest candidate that is within one standard error of the best, by AUROC.

    Over the ``inner`` folds; the error is that of the paired difference, by jackknife over
    patients. Without it, choosing among many costs where there is nothing to find: the rule of
    Breiman et al. (1984), Classification and Regression Trees, 3.4.3.
    """
    if len(one.candidates) == 1:
        return one.candidates[0]
    scores = {}
    for candidate in one.candidates:
        found = np.empty(target.size)
        for fold in np.unique(inner):
            fitting = inner != fold
            made = fit(candidate, _of(columns, fitting), target[fitting], weight[fitting])
            found[~fitting] = made(_of(columns, ~fitting))
        scores[candidate.name] = found
    sample = make_sample(target, np.zeros(target.size), patient, weight)
    compared = Models.of(sample, scores).compared_by("auroc")
    best = int(np.argmax(np.round(compared.estimates, 6)))
    apart = compared.deviations - compared.deviations[best]
    error = np.sqrt(np.sum(apart**2, axis=1))
    close = compared.estimates >= compared.estimates[best] - np.nan_to_num(error)
    return one.candidates[int(np.argmax(close))]


def fit(candidate: Candidate, columns: Columns, target: Codes, weight: Floats) -> Fitted:
    """Fit a candidate on all of ``columns``."""
    return candidate.fit(columns, candidate.sees, target.astype(np.float64), weight)


def lesion_weights(lesions: Lesions) -> Floats:
    """Share the weight of a lesion among its images, ``(n_images,)``."""
    return np.asarray(1 / np.bincount(lesions.lesion)[lesions.lesion])


def _of(columns: Columns, images: Codes) -> dict[str, Floats]:
    return {name: values[images] for name, values in columns.items()}
