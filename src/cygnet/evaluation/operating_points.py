"""What does every possible threshold catch, and raise falsely, in each bootstrap replicate?

Only thresholds at the score of a malignant image matter: between two of them sensitivity stands
still. Counts at those are linear in how often each patient is drawn, so a replicate needs no sort.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cygnet.evaluation.estimate import ratio
from cygnet.evaluation.sample import Codes, Floats, Sample, sum_in_table

_TABLE_NUMBERS = 8_000_000
_BLOCK_NUMBERS = 1_000_000
# Few enough that the counts of a block stay in the processor's cache.
_CACHED_NUMBERS = 250_000
# Counts are sums of weights: a share that should be met exactly may miss by rounding.
_ROUNDING = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Weighted counts at falling thresholds, one row a replicate: ``(n_replicates, n_thresholds)``.

    An image is called malignant at or above the threshold. ``found`` are malignant images called
    so, ``false_alarms`` benign ones, ``tied`` the benign ones exactly at the threshold.
    ``malignant`` and ``benign``, ``(n_replicates,)``, are the totals.
    """

    found: Floats
    false_alarms: Floats
    tied: Floats
    malignant: Floats
    benign: Floats

    @property
    def newly_found(self) -> Floats:
        """Malignant images exactly at each threshold."""
        return np.diff(self.found, axis=1, prepend=0.0)


class OperatingPoints:
    """The thresholds of a sample, and the counts at them for any drawing of its patients.

    ``thresholds`` ``(n_thresholds,)`` are the distinct scores of malignant images, highest first.
    """

    def __init__(self, sample: Sample) -> None:
        self.thresholds: Floats = np.unique(sample.probability[sample.target])[::-1]
        n_levels = self.thresholds.size
        # Cell 2k + 1 is tied with threshold k, cell 2k lies between it and the next higher one.
        rising = self.thresholds[::-1]
        step = np.searchsorted(rising, sample.probability, "left") + np.searchsorted(
            rising, sample.probability, "right"
        )
        self._cell: Codes = 2 * n_levels - step
        self._n_cells = 2 * n_levels + 1
        self._sample = sample
        self._malignant = sample.sum_by_patient(np.where(sample.target, sample.weights, 0.0))
        self._benign = sample.sum_by_patient(np.where(sample.target, 0.0, sample.weights))
        by_table = self._n_cells * sample.n_patients <= _TABLE_NUMBERS
        self._tables = self._patient_tables() if by_table else None

    def _patient_tables(self) -> tuple[Floats, Floats, Codes, Floats]:
        """Give found and false alarms by patient, then which thresholds have ties, and those."""
        sample, width = self._sample, self._n_cells
        tables = []
        for images in (sample.target, ~sample.target):
            row, column = sample.patient[images], self._cell[images]
            shape = sample.n_patients, width
            tables.append(sum_in_table(row, column, sample.weights[images], shape))
        found, false_alarms = tables
        with_ties = np.flatnonzero(false_alarms[:, 1::2].any(axis=0))
        tied = false_alarms[:, 1::2][:, with_ties].copy()
        return (
            np.cumsum(found[:, 1::2], axis=1),
            np.cumsum(false_alarms, axis=1)[:, 1::2].copy(),
            with_ties,
            tied,
        )

    def counts(self, multiplicity: Floats) -> Counts:
        """Give the counts for each row of ``multiplicity`` ``(n_replicates, n_patients)``."""
        if self._tables is None:
            found, false_alarms, tied = self._counts_by_image(multiplicity)
        else:
            found_by, false_by, with_ties, tied_by = self._tables
            drawn = np.flatnonzero(self._malignant)
            found = multiplicity[:, drawn] @ found_by[drawn]
            false_alarms = multiplicity @ false_by
            tied = np.zeros_like(false_alarms)
            if with_ties.size:
                tied[:, with_ties] = multiplicity @ tied_by
        return Counts(
            found,
            false_alarms,
            tied,
            multiplicity @ self._malignant,
            multiplicity @ self._benign,
        )

    def _counts_by_image(self, multiplicity: Floats) -> tuple[Floats, Floats, Floats]:
        sample = self._sample
        by_class = []
        for images in (sample.target, ~sample.target):
            order = np.flatnonzero(images)[np.argsort(self._cell[images], kind="stable")]
            cells, starts = np.unique(self._cell[order], return_index=True)
            drawn = multiplicity.T[sample.patient[order]] * sample.weights[order][:, None]
            table = np.zeros((self._n_cells, len(multiplicity)))
            table[cells] = np.add.reduceat(drawn, starts) if starts.size else 0.0
            by_class.append(table)
        found, false_alarms = by_class
        tied = false_alarms[1::2].T
        return np.cumsum(found, axis=0)[1::2].T, np.cumsum(false_alarms, axis=0)[1::2].T, tied

    def count_blocks(self, multiplicity: Floats) -> Iterator[Counts]:
        """Yield the counts of a few replicates at a time, so that memory stays bounded."""
        if self._tables is not None:
            length = max(1, _CACHED_NUMBERS // self._n_cells)
        else:
            length = max(1, _BLOCK_NUMBERS // self._sample.n_images)
        for start in range(0, len(multiplicity), length):
            yield self.counts(multiplicity[start : start + length])


def average_precision_of(counts: Counts) -> Floats:
    """Average precision of each replicate; see :func:`average_precision`."""
    precision = ratio(counts.found, counts.found + counts.false_alarms)
    weighed = np.where(counts.newly_found > 0, counts.newly_found * precision, 0.0).sum(axis=1)
    both = np.where(counts.benign > 0, counts.malignant, 0.0)
    return ratio(weighed, both)


def pauc_above_tpr_of(counts: Counts, min_tpr: float) -> Floats:
    """Area of each replicate above a true positive rate; see :func:`pauc_above_tpr`."""
    return area_above(counts, min_tpr)[0]


def auc_sens_of(counts: Counts, min_tpr: float) -> Floats:
    """Area of each replicate from a sensitivity on; see :func:`auc_sens_80`."""
    return with_area_below(area_above(counts, min_tpr), min_tpr)


def with_area_below(above: tuple[Floats, Floats], min_tpr: float) -> Floats:
    """Add to what :func:`area_above` gives the area beneath it; see :func:`auc_sens_80`."""
    area, first_fpr = above
    return area + min_tpr * (1 - first_fpr)


def area_above(counts: Counts, min_tpr: float) -> tuple[Floats, Floats]:
    """Give the area between the curve, its right side and ``min_tpr``, and where it begins."""
    tpr = ratio(counts.found, counts.malignant[:, None])
    first = np.argmax(tpr >= min_tpr - _ROUNDING, axis=1)
    # Thresholds that reach `min_tpr` in no row add nothing: they are passed over.
    begin = int(first.min(initial=tpr.shape[1] - 1))
    fpr = ratio(counts.false_alarms[:, begin:], counts.benign[:, None])
    tied = ratio(counts.tied[:, begin:], counts.benign[:, None])
    step = ratio(counts.newly_found[:, begin:], counts.malignant[:, None])
    # A tie is a slope from (fpr - tied, tpr - step) to (fpr, tpr); `part` of it lies above.
    height = np.clip(tpr[:, begin:] - min_tpr, 0.0, step)
    part = np.where(step > 0, height / np.where(step > 0, step, 1.0), 0.0)
    area = (height * (1 - fpr + tied * part / 2)).sum(axis=1)
    first_fpr = (fpr - tied * part)[np.arange(len(first)), first - begin]
    return area, first_fpr


def sensitivity_at_specificity_of(counts: Counts, specificity: float) -> Floats:
    """Sensitivity of each replicate at a specificity; see :func:`sensitivity_at_specificity`."""
    reached = _n_thresholds_within(counts, specificity)
    found = np.concatenate([np.zeros((len(reached), 1)), counts.found], axis=1)
    both = np.where(counts.benign > 0, counts.malignant, 0.0)
    return ratio(found[np.arange(len(reached)), reached], both)


def _n_thresholds_within(counts: Counts, specificity: float) -> Codes:
    allowed = (1 - specificity + _ROUNDING) * counts.benign
    return np.asarray(np.count_nonzero(counts.false_alarms <= allowed[:, None], axis=1))


def specificity_at_sensitivity_of(counts: Counts, sensitivity: float) -> Floats:
    """Specificity of each replicate at a sensitivity; see :func:`specificity_at_sensitivity`."""
    index = _first_threshold_reaching(counts, sensitivity)
    rows = np.arange(len(index))
    alarms = counts.false_alarms[rows, index] if sensitivity > 0 else 0.0
    quiet = counts.benign - alarms
    return ratio(quiet, np.where(counts.malignant > 0, counts.benign, 0.0))


def _first_threshold_reaching(counts: Counts, sensitivity: float) -> Codes:
    needed = (sensitivity - _ROUNDING) * counts.malignant
    return np.asarray(np.argmax(counts.found >= needed[:, None], axis=1))


def threshold_at_specificity(points: OperatingPoints, counts: Counts, specificity: float) -> float:
    """Give the lowest threshold that keeps ``specificity``; NaN where none does.

    ``counts`` are those of the sample itself, one row.
    """
    reached = int(_n_thresholds_within(counts, specificity)[0])
    return float(points.thresholds[reached - 1]) if reached else float("nan")


def threshold_at_sensitivity(points: OperatingPoints, counts: Counts, sensitivity: float) -> float:
    """Give the highest threshold that reaches ``sensitivity``; ``counts`` is one row."""
    return float(points.thresholds[int(_first_threshold_reaching(counts, sensitivity)[0])])


def threshold_at_youden(points: OperatingPoints, counts: Counts) -> float:
    r"""Give the threshold with the largest Youden index, the highest of equals.

    .. math:: J = \mathrm{sensitivity} + \mathrm{specificity} - 1

    ``counts`` are those of the sample itself, one row.

    Youden (1950), 10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3.
    """
    found = ratio(counts.found[0], counts.malignant)
    index = found - ratio(counts.false_alarms[0], counts.benign)
    # Equals may differ by rounding.
    return float(points.thresholds[int(np.argmax(index >= index.max() - _ROUNDING))])
