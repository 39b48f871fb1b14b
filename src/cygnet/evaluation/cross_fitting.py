"""What do recalibrated probabilities and a chosen threshold give on images they never saw?

Each fold's calibrator is fitted, and its threshold chosen, on the other folds alone. Refuses a
patient in two folds, a single fold, and other folds of one class.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cygnet.errors import MAX_SHOWN, InputError, Offender
from cygnet.evaluation.estimate import Estimate
from cygnet.evaluation.recalibrators import FITS, Method
from cygnet.evaluation.sample import Codes, Floats, Sample, as_one_patient, make_sample
from cygnet.evaluation.score_card import PREVALENCE_DEPENDENT, ScoreCard
from cygnet.evaluation.shares import called_shares, share_estimate
from cygnet.evaluation.threshold_rule import ThresholdRule

OTHER_FOLDS = "the other folds"


@dataclass(frozen=True, slots=True, eq=False)
class ChosenThreshold:
    """What a rule gives when each fold's threshold is chosen on the other folds.

    ``thresholds`` holds one a fold, ``called`` ``(n_images,)`` the images at or above their fold's,
    and ``shares`` the sensitivity, specificity, ppv and npv of these calls. The intervals are those
    of calls that are given: what another drawing of the other folds would choose is not in them.
    """

    rule: ThresholdRule
    thresholds: Mapping[str, float]
    called: NDArray[np.bool_]
    shares: Mapping[str, Estimate]

    def as_json(self) -> dict[str, object]:
        """Give the object ``chosen_threshold`` of ``score --json``."""
        return {
            "rule": str(self.rule),
            "chosen_on": OTHER_FOLDS,
            "thresholds": dict(self.thresholds),
            **{name: share.as_json() for name, share in self.shares.items()},
        }


@dataclass(frozen=True, slots=True, eq=False)
class CrossFit:
    """Probabilities ``(n_images,)`` to score, recalibrated by ``method`` where there is one.

    ``chosen`` is on the scale of ``probability``.
    """

    probability: Floats
    n_folds: int
    method: Method | None
    chosen: ChosenThreshold | None

    def as_json(self) -> dict[str, object]:
        """Give what ``score --json`` adds: ``recalibration``, ``chosen_threshold``, or both."""
        document: dict[str, object] = {}
        if self.method is not None:
            document["recalibration"] = {
                "method": self.method,
                "n_folds": self.n_folds,
                "fitted_on": OTHER_FOLDS,
            }
        if self.chosen is not None:
            document["chosen_threshold"] = self.chosen.as_json()
        return document

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what a reader of the numbers must know."""
        notes = []
        if self.method is not None:
            notes.append(
                f"Probabilities are recalibrated ({self.method}), each of {self.n_folds} folds by "
                "a map fitted on the other folds. As folds have different maps, images of two "
                "folds may change places: AUROC and other ranks move a little. Intervals take the "
                "maps as they are."
            )
        if self.chosen is not None:
            notes.append(
                "Each fold's threshold is chosen on the other folds; the intervals of its calls "
                "take the thresholds as they are."
            )
        return tuple(notes)

    def noted(self, card: ScoreCard) -> ScoreCard:
        """Give the card of these probabilities with ``notes`` after its own."""
        return replace(card, notes=(*card.notes, *self.notes))


def cross_fitted(
    target: ArrayLike,
    probability: ArrayLike,
    fold: ArrayLike,
    patient: ArrayLike | None = None,
    *,
    method: Method,
    weights: ArrayLike | None = None,
) -> Floats:
    """Recalibrate each fold's probabilities by a map fitted on the other folds alone.

    ``target`` ``(n_images,)`` is 0 or 1, ``probability`` ``(n_images,)`` lies in 0 to 1, ``fold``
    ``(n_images,)`` are whole numbers or names, ``patient`` and ``weights`` ``(n_images,)`` as
    :func:`make_sample` takes them. Gives ``(n_images,)``. Raises :class:`InputError` for arrays
    that do not fit, an unknown fold, fewer than two folds, a known patient in two folds, and a fold
    without which one class alone is left.

    >>> p = cross_fitted([0, 1, 0, 1], [0.2, 0.4, 0.6, 0.8], [0, 0, 1, 1], method="isotonic")
    >>> p.tolist()  # fold 0 by the step from 0.6 to 0.8, fold 1 by that from 0.2 to 0.4
    [0.0, 0.0, 1.0, 1.0]
    """
    return cross_fit(target, probability, fold, patient, method=method, weights=weights).probability


def cross_chosen_threshold(
    target: ArrayLike,
    probability: ArrayLike,
    fold: ArrayLike,
    patient: ArrayLike | None = None,
    *,
    rule: ThresholdRule,
    weights: ArrayLike | None = None,
    confidence_level: float = 0.95,
) -> ChosenThreshold:
    """Call each fold's images by a threshold that the rule chooses on the other folds alone.

    Arrays and errors as in :func:`cross_fitted`; also raises :class:`InputError` where no threshold
    keeps the specificity on the other folds.

    >>> made = cross_chosen_threshold(
    ...     [0, 1, 0, 1], [0.2, 0.4, 0.3, 0.8], [0, 0, 1, 1], rule=ThresholdRule("youden")
    ... )
    >>> made.thresholds, made.called.tolist()
    ({'0': 0.8, '1': 0.4}, [False, False, False, True])
    """
    made = cross_fit(
        target,
        probability,
        fold,
        patient,
        rule=rule,
        weights=weights,
        confidence_level=confidence_level,
    )
    if made.chosen is None:
        raise AssertionError("a rule was given and no threshold came back")
    return made.chosen


def cross_fit(
    target: ArrayLike,
    probability: ArrayLike,
    fold: ArrayLike,
    patient: ArrayLike | None = None,
    *,
    method: Method | None = None,
    rule: ThresholdRule | None = None,
    weights: ArrayLike | None = None,
    confidence_level: float = 0.95,
) -> CrossFit:
    """Recalibrate by ``method``, choose thresholds by ``rule``, or both, on the other folds alone.

    With both, a fold's threshold is chosen among the other folds' probabilities as that fold's own
    map gives them, since their own maps have seen this fold. Arrays and errors as in
    :func:`cross_fitted` and :func:`cross_chosen_threshold`.
    """
    sample = make_sample(target, probability, patient, weights)
    names, code = _checked_folds(fold, sample, patient)
    recalibrated = sample.probability.copy()
    called = np.zeros(sample.n_images, dtype=np.bool_)
    thresholds: dict[str, float] = {}
    for name, inside, others in _held_out(sample, names, code):
        mapped = sample.probability
        if method is not None:
            mapped = FITS[method](others.target, others.probability, others.weights)(mapped)
        recalibrated[inside] = mapped[inside]
        if rule is not None:
            thresholds[name] = _threshold(rule, others, mapped[~inside], name)
            called[inside] = mapped[inside] >= thresholds[name]
    chosen = None
    if rule is not None:
        shares = _shares(sample, called, confidence_level)
        chosen = ChosenThreshold(rule, thresholds, called, shares)
    return CrossFit(recalibrated, len(names), method, chosen)


def _held_out(
    sample: Sample, names: list[str], code: Codes
) -> Iterator[tuple[str, NDArray[np.bool_], Sample]]:
    """Yield each fold's name, its images ``(n_images,)``, and all others as one patient's."""
    for number, name in enumerate(names):
        inside = code == number
        others = as_one_patient(
            sample.target[~inside], sample.probability[~inside], sample.weights[~inside]
        )
        if not others.has_both_classes:
            raise InputError.of(
                f"Without fold {name} the images are all of one class.",
                "Deal both classes to at least two folds.",
            )
        yield name, inside, others


def _threshold(rule: ThresholdRule, others: Sample, mapped: Floats, name: str) -> float:
    threshold = rule.threshold(others.with_scores(mapped))
    if math.isnan(threshold):
        raise InputError.of(
            f"No threshold at a malignant image's probability obeys {rule} on the folds other "
            f"than {name}.",
            "Ask for a lower specificity.",
        )
    return threshold


def _shares(
    sample: Sample, called: NDArray[np.bool_], confidence_level: float
) -> dict[str, Estimate]:
    return {
        one.name: share_estimate(
            sample,
            one.hit,
            one.among,
            confidence_level=confidence_level,
            unit=one.unit,
            undefined_because=one.undefined_because,
        ).with_details(prevalence_dependent=one.name in PREVALENCE_DEPENDENT)
        for one in called_shares(sample.target, called)
    }


def _checked_folds(
    fold: ArrayLike, sample: Sample, patient: ArrayLike | None
) -> tuple[list[str], Codes]:
    """Give the names of the folds and each image's number among them, or raise."""
    array = np.asarray(fold)
    if array.shape != (sample.n_images,):
        raise InputError.of(
            f"The fold must be one for each of the {sample.n_images} images.",
            "Give an array (n_images,).",
        )
    texts = array.astype(object)
    unknown = np.array([one is None or one == "" or one != one for one in texts], dtype=np.bool_)  # noqa: PLR0124
    if unknown.any():
        raise InputError.of(
            "The fold of an image is unknown.",
            "Give every image a fold, or leave it out.",
            offenders=[Offender(f"position {position}") for position in np.flatnonzero(unknown)],
        )
    if array.dtype.kind not in "iub":
        array = array.astype(str)
    values, code = np.unique(array, return_inverse=True)
    if values.size < 2:
        raise InputError.of(
            f"There must be at least 2 folds, not {values.size}: nothing is left to fit on.",
            "Give folds made by patient, as cygnet cohort folds makes them.",
        )
    _refuse_shared_patients(sample, code, patient)
    return [str(value) for value in values.tolist()], code.astype(np.intp)


def _refuse_shared_patients(sample: Sample, code: Codes, patient: ArrayLike | None) -> None:
    pairs = np.unique(np.column_stack([sample.patient, code]), axis=0)
    shared = np.flatnonzero(np.bincount(pairs[:, 0], minlength=sample.n_patients) > 1)
    if not shared.size:
        return
    first = [int(np.argmax(sample.patient == number)) for number in shared[:MAX_SHOWN]]
    known = np.asarray(patient, dtype=object)
    raise InputError.of(
        "A patient has images in more than one fold: what is fitted on the others has seen it.",
        "Make folds by patient with cygnet cohort folds; cygnet cohort check-folds names leaks.",
        offenders=[Offender(str(known[position])) for position in first],
        count=int(shared.size),
    )
