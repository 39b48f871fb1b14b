"""Does context help, and is it the duckling or the count? Paired differences over patients.

Means over predeclared splits, with intervals that leave out each patient in turn. A claim needs
three differences above zero: plain, with the number of images given to both arms, and on patients
thinned to equal numbers. Intervals hold the fitted models as they are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cygnet.context.lesions import Codes, Floats, Lesions
from cygnet.context.trials import Trial
from cygnet.evaluation import Estimate, Pair, ScoreCard, score_card
from cygnet.evaluation.contrasts import Contrasts, contrast_estimates
from cygnet.evaluation.estimate import few, too_few
from cygnet.evaluation.field import field_of
from cygnet.evaluation.jackknife import decisive_patients, jackknife_deviations
from cygnet.evaluation.sample import Sample, make_sample
from cygnet.evaluation.several_models import Models
from cygnet.evaluation.student import t_reach

PLACEBO = "mean over dealt scores, jackknife-t"
AVERAGED = "mean over splits, jackknife-t"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the trials say.

    ``difference`` and its kin are pairs of ``without`` and ``with``, with minus without;
    ``from_raw`` is with minus the image model's raw score, ``within`` the difference within
    patients. ``chosen`` counts which learner each arm took, over all outer folds.
    """

    without: ScoreCard
    with_context: ScoreCard
    difference: Pair
    difference_given_count: Pair
    difference_thinned: Pair
    from_raw: Pair
    within: Pair
    placebo: Estimate
    chosen: Mapping[str, Mapping[str, int]]
    by: tuple[tuple[str, str, Pair], ...] = ()
    artefacts: tuple[tuple[str, Pair], ...] = ()

    @property
    def supported(self) -> bool:
        """Whether all three differences lie above zero, and the placebo's interval holds 0.5."""
        above = all(
            pair.difference.has_interval and pair.difference.lower > 0
            for pair in (self.difference, self.difference_given_count, self.difference_thinned)
        )
        return above and self.placebo.has_interval and self.placebo.lower <= 0.5

    def as_json(self) -> dict[str, object]:
        """Give the document of ``context --json``."""
        return {
            "without": self.without.as_json(),
            "with": self.with_context.as_json(),
            "difference": self.difference.as_json(),
            "difference_given_count": self.difference_given_count.as_json(),
            "difference_thinned": self.difference_thinned.as_json(),
            "difference_from_raw": self.from_raw.as_json(),
            "difference_within_patients": self.within.as_json(),
            "placebo": self.placebo.as_json(),
            "supported": self.supported,
            "chosen": {arm: dict(of) for arm, of in self.chosen.items()},
            "by": [
                {"by": column, "level": level, **pair.as_json()} for column, level, pair in self.by
            ],
            "artefacts": [{"feature": name, **pair.as_json()} for name, pair in self.artefacts],
        }


def judge(
    lesions: Lesions,
    target: Codes,
    trials: Sequence[Trial],
    *,
    groups: Mapping[str, Mapping[str, NDArray[np.bool_]]] | None = None,
    confidence_level: float = 0.95,
) -> Judgement:
    """Judge the trials of :func:`tasks_of` on ``lesions`` with ``target`` ``(n_images,)``.

    ``groups`` maps a column to its levels' images ``(n_images,)``; in each the gain is shown.
    """
    splits = [one for one in trials if one.kind == "split"]
    thinned = [one for one in trials if one.kind == "thinned"]
    placebos = [one for one in trials if one.kind == "placebo"]
    whole = make_sample(target, np.zeros(target.size), lesions.patient)
    plain = [(one.predicted[0].probability, one.predicted[1].probability) for one in splits]
    given = [(one.predicted[2].probability, one.predicted[3].probability) for one in splits]
    raw = [(lesions.logit, with_context) for _, with_context in plain]
    level = confidence_level
    cards = [
        score_card(
            target,
            np.mean([pair[place] for pair in plain], axis=0),
            lesions.patient,
            confidence_level=level,
        )
        for place in (0, 1)
    ]
    by = [
        (
            column,
            name,
            _difference(whole.subset(images), [(a[images], b[images]) for a, b in plain], level),
        )
        for column, levels in (groups or {}).items()
        for name, images in levels.items()
    ]
    return Judgement(
        without=cards[0],
        with_context=cards[1],
        difference=_difference(whole, plain, level),
        difference_given_count=_difference(whole, given, level),
        difference_thinned=_thinned_difference(whole, thinned, level),
        from_raw=replace(_difference(whole, raw, level), a="raw"),
        within=_difference(whole, plain, level, metric="within_patient_auroc"),
        placebo=_placebo(whole, placebos, level),
        chosen={
            name: dict(sum((Counter(one.predicted[place].chosen) for one in splits), Counter()))
            for place, name in enumerate(
                ("without", "with", "without_given_count", "with_given_count")
            )
        },
        by=tuple(by),
        artefacts=_artefacts(whole, trials, level),
    )


Arms = Sequence[tuple[Floats, Floats]]


def _difference(sample: Sample, arms: Arms, level: float, *, metric: str = "auroc") -> Pair:
    """Average the difference over the splits; patients are shared by all of them."""
    scores = {
        f"{place}{side}": of for place, pair in enumerate(arms) for side, of in enumerate(pair)
    }
    if not sample.has_both_classes:
        return _no_pair(metric, "only one class is present", level)
    made = Models.of(sample, scores).compared_by(metric)
    n = len(arms)
    estimates = made.estimates.reshape(n, 2).mean(axis=0)
    deviations = made.deviations.reshape(n, 2, -1).mean(axis=0)
    each = made.estimates.reshape(n, 2) @ np.array([-1.0, 1.0])
    pair = _pair(
        metric, estimates, deviations, made.degrees_of_freedom, made.reason, made.flag, level
    )
    told = pair.difference.with_details(
        splits=n, lowest_split=float(each.min()), highest_split=float(each.max())
    )
    return replace(pair, difference=told)


def _pair(
    metric: str,
    estimates: Floats,
    deviations: Floats,
    freedom: int,
    reason: str | None,
    flag: str | None,
    level: float,
) -> Pair:
    one = np.array([0], dtype=np.intp)
    contrasts = Contrasts(
        estimates, deviations, one, one + 1, np.array([float(max(freedom, 1))]), [reason], [flag]
    )
    (made,) = contrast_estimates(contrasts, confidence_level=level, limit=1.0)
    return Pair("without", "with", metric, replace(made, method=AVERAGED))


def _no_pair(metric: str, reason: str, level: float) -> Pair:
    nothing = Estimate(np.nan, confidence_level=level, method=AVERAGED, reason=reason)
    return Pair("without", "with", metric, nothing)


def _artefacts(
    whole: Sample, trials: Sequence[Trial], level: float
) -> tuple[tuple[str, Pair], ...]:
    """Give what each artefact adds to context: what is a shortcut, not a duckling."""
    found = []
    for name in dict.fromkeys(one.artefact for one in trials if one.artefact is not None):
        arms = [
            (one.predicted[0].probability, one.predicted[1].probability)
            for one in trials
            if one.artefact == name
        ]
        found.append((name, replace(_difference(whole, arms, level), a="with", b=f"with {name}")))
    return tuple(found)


def _thinned_difference(whole: Sample, trials: Sequence[Trial], level: float) -> Pair:
    """Average the difference over draws; a patient who is left out of a draw does not move it."""
    if not trials:
        reason = "too few patients with a melanoma have as many images as they are thinned to"
        return _no_pair("auroc", reason, level)
    estimates, deviations = np.zeros(2), np.zeros((2, whole.n_patients))
    fewest = whole.n_patients
    for trial in trials:
        part, patients = _subset(whole, trial.images)
        field = field_of(part, [one.probability for one in trial.predicted])
        estimates += field.auroc / len(trials)
        of_draw = jackknife_deviations(field.leave_one_out()) / len(trials)
        deviations[:, patients] += of_draw
        fewest = min(fewest, decisive_patients(part))
    whose = "with melanoma in a draw"
    pair = _pair(
        "auroc",
        estimates,
        deviations,
        fewest - 1,
        too_few(fewest, whose),
        few(fewest, whose),
        level,
    )
    sizes = ", ".join(
        str(size) for size in sorted({one.thinned_to for one in trials if one.thinned_to})
    )
    told = pair.difference.with_details(draws=len(trials), thinned_to=sizes)
    return replace(pair, difference=told)


def _placebo(whole: Sample, trials: Sequence[Trial], level: float) -> Estimate:
    """Average the AUROC of context from dealt scores; its interval should hold 0.5."""
    if not trials:
        return Estimate(np.nan, method=PLACEBO, reason="no placebo was asked for")
    field = field_of(whole, [one.predicted[0].probability for one in trials])
    estimate = float(field.auroc.mean())
    scarce = whole.scarcer_patients
    if (reason := too_few(*scarce)) is not None:
        return Estimate(estimate, confidence_level=level, method=PLACEBO, reason=reason)
    deviations = jackknife_deviations(field.leave_one_out()).mean(axis=0)
    # One deal is one draw of the placebo: what dealing adds is there beside the patients.
    dealing = float(field.auroc.var(ddof=1)) / len(trials) if len(trials) > 1 else 0.0
    error = float(np.sqrt(np.sum(deviations**2) + dealing))
    reach = t_reach(max(min(decisive_patients(whole), len(trials)) - 1, 1), level) * error
    return Estimate(
        estimate,
        max(0.0, estimate - reach),
        min(1.0, estimate + reach),
        level,
        PLACEBO,
        flag=few(*scarce),
        details={"deals": len(trials), "standard_error": error},
    )


def _subset(whole: Sample, images: Codes) -> tuple[Sample, Codes]:
    mask = np.zeros(whole.n_images, dtype=np.bool_)
    mask[images] = True
    return whole.subset(mask), np.unique(whole.patient[mask])
