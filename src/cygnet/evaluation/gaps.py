"""How far apart are groups of images, when all groups of all columns are looked at together?

Every pair of levels of each column, with intervals that hold for all of them at once. A gap to a
group that is too small to judge is named with its reason, never dropped.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cygnet.evaluation.contrasts import Contrasts, all_pairs, contrast_estimates
from cygnet.evaluation.estimate import Estimate, few, too_few
from cygnet.evaluation.jackknife import decisive_patients, jackknife_deviations
from cygnet.evaluation.placement import patient_placements
from cygnet.evaluation.sample import Floats, Sample

GAP = "jackknife-t-simultaneous"
Levels = Sequence[tuple[str, NDArray[np.bool_]]]


@dataclass(frozen=True, slots=True)
class Gap:
    """AUROC of level ``b`` less that of level ``a`` of the column ``by``."""

    by: str
    a: str
    b: str
    difference: Estimate

    def as_json(self) -> dict[str, object]:
        """Give the gap as ``score --json`` writes it."""
        names = {"by": self.by, "a": self.a, "b": self.b, "metric": "auroc"}
        return {**names, **self.difference.as_json()}


def auroc_gaps(
    sample: Sample, columns: Mapping[str, Levels], *, confidence_level: float = 0.95, seed: int = 0
) -> tuple[Gap, ...]:
    """Give the gap of every pair of levels within each of ``columns``.

    A level is its name and its images ``(n_images,)``. Limits are simultaneous over all gaps of all
    columns, from the joint covariance of the groups' jackknife deviations: two groups with patients
    in common vary together. The unadjusted interval stands under ``alternatives``. Degrees of
    freedom join those of both groups (patients with melanoma less one). Limits are NaN with a
    reason where a group has fewer than 10 patients of either class.

    Welch (1947), 10.1093/biomet/34.1-2.28, for the degrees of freedom.
    """
    groups: list[_Group] = []
    names: list[tuple[str, str, str]] = []
    pairs: list[tuple[int, int]] = []
    for by, levels in columns.items():
        begin = len(groups)
        groups += [_group(sample, level, images) for level, images in levels]
        for i, j in zip(*all_pairs(len(levels)), strict=True):
            names.append((by, levels[i][0], levels[j][0]))
            pairs.append((begin + int(i), begin + int(j)))
    if not pairs:
        return ()
    first, second = np.array(pairs, dtype=np.intp).T
    contrasts = Contrasts(
        np.array([group.auroc for group in groups]),
        np.stack([group.deviations for group in groups]),
        first,
        second,
        np.array([_joint_freedom(groups[i], groups[j]) for i, j in pairs]),
        [_together(groups[i].reason, groups[j].reason) for i, j in pairs],
        [_together(groups[i].flag, groups[j].flag) for i, j in pairs],
    )
    made = contrast_estimates(contrasts, confidence_level=confidence_level, limit=1.0, seed=seed)
    return tuple(Gap(*who, _simultaneous(one)) for who, one in zip(names, made, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    auroc: float
    deviations: Floats
    degrees_of_freedom: int
    reason: str | None
    flag: str | None


def _group(whole: Sample, level: str, images: NDArray[np.bool_]) -> _Group:
    """Judge one group; its deviations stand at its own patients among all, 0 at the others."""
    sample = whole.subset(images)
    number, whose = sample.scarcer_patients
    deviations = np.zeros(whole.n_patients)
    caution = few(number, whose)
    if (reason := too_few(number, whose)) is not None:
        auroc = patient_placements(sample).auroc
        return _Group(auroc, deviations, 1, f"{level}: {reason}", None)
    parts = patient_placements(sample)
    deviations[np.unique(whole.patient[images])] = jackknife_deviations(parts.leave_one_out())
    freedom = decisive_patients(sample) - 1
    return _Group(
        parts.auroc, deviations, freedom, None, f"{level}: {caution}" if caution else None
    )


def _together(a: str | None, b: str | None) -> str | None:
    """Say what is to be said of both groups."""
    return "; ".join(said for said in (a, b) if said) or None


def _joint_freedom(a: _Group, b: _Group) -> float:
    of_a, of_b = float(np.sum(a.deviations**2)), float(np.sum(b.deviations**2))
    spread = of_a**2 / a.degrees_of_freedom + of_b**2 / b.degrees_of_freedom
    return (of_a + of_b) ** 2 / spread if spread > 0 else 1.0


def _simultaneous(one: Estimate) -> Estimate:
    """Let the limits that hold for all gaps together be the gap's own."""
    lower, upper = one.details["simultaneous_lower"], one.details["simultaneous_upper"]
    if not (isinstance(lower, float) and isinstance(upper, float)):
        return replace(one, method=GAP)
    alone = replace(one, details={})
    return replace(one, lower=lower, upper=upper, method=GAP, alternatives={"unadjusted": alone})


def telling_gaps(gaps: Sequence[Gap]) -> Iterator[Gap]:
    """Give the gaps worth a line: those that exclude 0, and the widest known one of each column.

    The order is that of ``gaps``.
    """
    widest: dict[str, Gap] = {}
    for gap in gaps:
        known = gap.difference.has_interval
        size = abs(gap.difference.estimate)
        if known and size > abs(widest[gap.by].difference.estimate if gap.by in widest else 0):
            widest[gap.by] = gap
    for gap in gaps:
        one = gap.difference
        if one.has_interval and (one.lower > 0 or one.upper < 0 or widest.get(gap.by) is gap):
            yield gap
