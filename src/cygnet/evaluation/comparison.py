"""Which of several models is better on the same images, and is it known? All pairs, and ranks.

Differences by a jackknife over patients, alone and all together; DeLong's and the bootstrap's stand
beside them. Refuses models that were not scored on the same images.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from cygnet.errors import InputError
from cygnet.evaluation.auroc_interval import ONE_CLASS
from cygnet.evaluation.bca import bca_estimate
from cygnet.evaluation.contrasts import (
    SIMULTANEOUS,
    Contrasts,
    all_pairs,
    contrast_estimates,
)
from cygnet.evaluation.delong import (
    CLUSTER_DELONG,
    DELONG,
    IGNORES_PATIENTS,
    delong_covariance,
    normal_estimate,
    normal_p_value,
)
from cygnet.evaluation.estimate import Estimate, bootstrap_estimate, few
from cygnet.evaluation.field import field_of
from cygnet.evaluation.placement import auroc_replicator
from cygnet.evaluation.ranks import DESCRIPTIVE, RANKS, bootstrap_ranks, rank_intervals
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import Floats, Sample, make_sample
from cygnet.evaluation.several_models import Compared, Models


@dataclass(frozen=True, slots=True)
class Pair:
    """The difference of two models in one metric: ``b`` less ``a``."""

    a: str
    b: str
    metric: str
    difference: Estimate

    def as_json(self) -> dict[str, object]:
        """Give the pair as ``compare --json`` writes it."""
        return {"a": self.a, "b": self.b, "metric": self.metric, **self.difference.as_json()}


@dataclass(frozen=True, slots=True)
class Rank:
    """The place of a model among the compared by AUROC, and the places it may hold.

    ``lower`` and ``upper`` are ``None`` with a ``reason``; ``bootstrap_lower``, ``bootstrap_upper``
    and ``first_share``, the share of replicates in which it is first, are descriptive, and ``None``
    without replicates.
    """

    model: str
    rank: int
    lower: int | None
    upper: int | None
    reason: str | None = None
    bootstrap_lower: int | None = None
    bootstrap_upper: int | None = None
    first_share: float | None = None

    @property
    def tied_with_first(self) -> bool | None:
        """Whether no other model is significantly better; ``None`` where that is not known."""
        return None if self.lower is None else self.lower == 1

    def as_json(self) -> dict[str, object]:
        """Give the rank as ``compare --json`` writes it."""
        document: dict[str, object] = {
            "model": self.model,
            "metric": "auroc",
            "rank": self.rank,
            "rank_lower": self.lower,
            "rank_upper": self.upper,
            "tied_with_first": self.tied_with_first,
            "method": RANKS,
        }
        if self.reason is not None:
            document["reason"] = self.reason
        document["bootstrap"] = {
            "rank_lower": self.bootstrap_lower,
            "rank_upper": self.bootstrap_upper,
            "first_share": self.first_share,
            "note": DESCRIPTIVE,
        }
        return document


@dataclass(frozen=True, slots=True)
class Comparison:
    """All pairs of models in each metric, and the models' ranks by AUROC, best first."""

    pairs: tuple[Pair, ...]
    ranks: tuple[Rank, ...]
    notes: tuple[str, ...] = ()

    def pairs_of(self, metric: str) -> list[Pair]:
        """Give the pairs compared by ``metric``."""
        return [pair for pair in self.pairs if pair.metric == metric]

    def as_json(self) -> dict[str, object]:
        """Give ``pairs``, ``ranks`` and ``notes``."""
        return {
            "pairs": [pair.as_json() for pair in self.pairs],
            "ranks": [rank.as_json() for rank in self.ranks],
            "notes": list(self.notes),
        }


def compare(
    target: ArrayLike,
    scores: Mapping[str, ArrayLike],
    patient: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    metrics: Sequence[str] = ("auroc",),
    margin: float | None = None,
    replicates: int = 2000,
    confidence_level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare models, two or more, scored on the same images.

    ``target`` and ``patient`` ``(n_images,)`` and ``weights`` are as :func:`score_card` takes them;
    ``scores`` maps a model's name to its probabilities ``(n_images,)``. ``metrics`` are of
    :data:`COMPARABLE`. Each pair has the jackknife t interval of the difference (patients with
    melanoma less one are the degrees of freedom), simultaneous limits over all pairs of its metric,
    ``p_value`` and Holm's ``p_holm``. For AUROC, cluster DeLong, plain DeLong and, from
    ``replicates`` drawn with ``seed``, cluster bootstrap intervals stand as alternatives. A
    ``margin`` in units of the metric adds two one-sided tests of equivalence. Below 10 patients of
    either class limits and p-values are NaN or ``None`` with a reason.

    Raises :class:`InputError` for fewer than two models, arrays that do not fit, one class, an
    unknown metric, a margin that is no number above 0, a confidence level outside 0 to 1, and
    fewer than 0 replicates.

    >>> made = compare([1, 0, 0], {"a": [0.3, 0.2, 0.4], "b": [0.9, 0.2, 0.4]}, replicates=10)
    >>> made.pairs[0].difference.estimate, [rank.model for rank in made.ranks]
    (0.5, ['b', 'a'])
    """
    if len(scores) < 2:
        raise InputError.of("There is nothing to compare.", "Give at least two models.")
    _validate(margin, confidence_level, replicates)
    probabilities = [make_sample(target, one, patient, weights) for one in scores.values()]
    sample = probabilities[0]
    if not sample.has_both_classes:
        raise InputError.of(f"Models cannot be compared: {ONE_CLASS}.", "Give images of both.")
    models = Models.of(sample, scores)
    drawn = _drawn(probabilities, replicates, seed) if replicates else None
    pairs: list[Pair] = []
    for metric in metrics:
        made = _pairs(models.compared_by(metric), confidence_level, margin, seed)
        if metric == "auroc":
            made = _beside(made, models, drawn)
        names = _named_pairs(list(scores))
        pairs += [Pair(a, b, metric, one) for (a, b), one in zip(names, made, strict=True)]
    ranks = _ranks(list(scores), models.compared_by("auroc"), drawn, confidence_level)
    return Comparison(tuple(pairs), ranks, _notes(len(scores)))


def _validate(margin: float | None, confidence_level: float, replicates: int) -> None:
    if margin is not None and not 0 < margin < math.inf:
        raise InputError.of(
            f"The margin must be a number above 0, not {margin}.", "0.02 is an example."
        )
    if not 0 < confidence_level < 1:
        raise InputError.of(
            f"The confidence level must lie between 0 and 1, not {confidence_level}.",
            "0.95 is usual.",
        )
    if replicates < 0:
        raise InputError.of(
            f"There cannot be {replicates} replicates.", "2000 are usual; 0 leaves them out."
        )


def _named_pairs(names: list[str]) -> list[tuple[str, str]]:
    first, second = all_pairs(len(names))
    return [(names[i], names[j]) for i, j in zip(first, second, strict=True)]


def _pairs(
    number: Compared, confidence_level: float, margin: float | None, seed: int
) -> list[Estimate]:
    first, second = all_pairs(number.estimates.size)
    contrasts = Contrasts(
        number.estimates,
        number.deviations,
        first,
        second,
        np.full(first.size, float(number.degrees_of_freedom)),
        [number.reason] * first.size,
        [number.flag] * first.size,
    )
    return contrast_estimates(
        contrasts,
        confidence_level=confidence_level,
        margin=margin,
        limit=number.limit,
        seed=seed,
    )


def _drawn(models: list[Sample], replicates: int, seed: int) -> Floats:
    """Give each model's AUROC in each replicate of the patients, ``(n_replicates, n_models)``."""
    replicators = [auroc_replicator(model) for model in models]
    return np.concatenate(
        [
            np.stack([one.replicates(block) for one in replicators], axis=1)
            for block in multiplicity_blocks(models[0].n_patients, replicates, seed)
        ]
    )


def _beside(
    pairs: list[Estimate],
    models: Models,
    drawn: Floats | None,
) -> list[Estimate]:
    """Put the other methods' intervals beside each difference of AUROC.

    Each says that it covers less where patients are few, as they do beside one AUROC.
    """
    caution = few(*models.sample.scarcer_patients)
    warned = f"{caution}: it covers less than it claims" if caution else None
    alone = field_of(models.sample.each_image_alone(), models.scores.values())
    clustered, plain = delong_covariance(models.field), delong_covariance(alone)
    left_out = models.field.leave_one_out()
    made = []
    for pair, i, j in zip(pairs, *all_pairs(models.field.n_models), strict=True):
        level = pair.confidence_level
        beside = {
            name: _normal(pair.estimate, covariance, (int(i), int(j)), level, method, flag)
            for name, covariance, method, flag in (
                ("cluster_delong", clustered, CLUSTER_DELONG, warned),
                ("delong", plain, DELONG, IGNORES_PATIENTS),
            )
        }
        if drawn is not None:
            percentile = bootstrap_estimate(
                pair.estimate,
                drawn[:, j] - drawn[:, i],
                confidence_level=level,
                undefined_because=ONE_CLASS,
                flag=warned,
            )
            beside["cluster_bootstrap_percentile"] = percentile
            beside["cluster_bootstrap_bca"] = bca_estimate(
                percentile, drawn[:, j] - drawn[:, i], left_out[j] - left_out[i]
            )
        made.append(replace(pair, alternatives=beside))
    return made


def _normal(
    difference: float,
    covariance: Floats,
    which: tuple[int, int],
    confidence_level: float,
    method: str,
    flag: str | None,
) -> Estimate:
    i, j = which
    variance = float(covariance[i, i] + covariance[j, j] - 2 * covariance[i, j])
    made = normal_estimate(
        difference,
        variance,
        confidence_level=confidence_level,
        method=method,
        flag=flag,
        domain=(-1.0, 1.0),
    )
    if not made.has_interval:
        return made.with_details(p_value=None)
    return made.with_details(p_value=normal_p_value(difference / np.sqrt(variance)))


def _ranks(
    names: list[str], auroc: Compared, drawn: Floats | None, confidence_level: float
) -> tuple[Rank, ...]:
    places = rank_intervals(
        auroc.estimates,
        auroc.deviations,
        max(auroc.degrees_of_freedom, 1),
        confidence_level=confidence_level,
    )
    shown = bootstrap_ranks(drawn, confidence_level=confidence_level) if drawn is not None else None
    made = []
    for i in np.lexsort([np.arange(len(names)), places.rank]):
        known = auroc.reason is None
        one = Rank(
            names[i],
            int(places.rank[i]),
            int(places.lower[i]) if known else None,
            int(places.upper[i]) if known else None,
            auroc.reason,
        )
        if shown is not None and np.isfinite(shown.first[i]):
            one = replace(
                one,
                bootstrap_lower=int(shown.lower[i]),
                bootstrap_upper=int(shown.upper[i]),
                first_share=float(shown.first[i]),
            )
        made.append(one)
    return tuple(made)


def _notes(n_models: int) -> tuple[str, ...]:
    n_pairs = n_models * (n_models - 1) // 2
    if n_pairs == 1:
        return ()
    return (
        (
            f"{n_pairs} pairs are looked at: Holm's p decides which of them differ. The "
            f"simultaneous limits ({SIMULTANEOUS}) say by how much; they are a little wider, and "
            "may hold 0 where Holm's p is just below its level."
        ),
        "A rank interval holds for its model alone, not for all models together.",
    )
