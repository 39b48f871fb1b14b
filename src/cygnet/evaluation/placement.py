"""Which malignant images stand above which benign ones? AUROC, exactly, and its parts by patient.

A placement value is computed once for each image; everything about AUROC, its leave-one-out values
and its bootstrap replicates, is then a sum of them over patients. Refuses NaN.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cygnet.evaluation.estimate import ratio
from cygnet.evaluation.sample import Codes, Floats, Sample, as_one_patient, sum_in_table

_MATRIX_NUMBERS = 30_000_000
_EXACT_IN_SINGLE = 2**24
_BLOCK_NUMBERS = 4_000_000


def auroc(target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> float:
    r"""Area under the ROC curve: how often a malignant image scores above a benign one.

    .. math:: \frac{\sum_{i: y_i=1} \sum_{j: y_j=0} w_i w_j \left( [s_i > s_j]
              + \tfrac12 [s_i = s_j] \right)}{\sum_{i: y_i=1} w_i \sum_{j: y_j=0} w_j}

    Higher is better; 0.5 is chance. ``target`` ``(n_images,)`` is 0 or 1, ``probability``
    ``(n_images,)`` any number, infinities included; ties count one half, exactly. ``weights``
    ``(n_images,)`` multiply both images of a pair: rescaling them, or weights that depend on the
    class alone, change nothing. NaN where a class is missing. Raises :class:`InputError` on NaN.

    Bamber (1975), 10.1016/0022-2496(75)90001-2; Hanley and McNeil (1982),
    10.1148/radiology.143.1.7063747.

    >>> auroc([1, 1, 0, 0], [0.9, 0.4, 0.4, 0.1])  # 3 pairs right, 1 tied, of 4: 7/8
    0.875
    """
    sample = as_one_patient(target, probability, weights, any_score=True)
    if not sample.has_both_classes:
        return float("nan")
    malignant, benign = sample.target, ~sample.target
    if not sample.weighted:
        above = np.sort(sample.probability[malignant])
        below = np.sort(sample.probability[benign])
        halves = np.searchsorted(below, above, "left") + np.searchsorted(below, above, "right")
        return float(halves.sum() / 2 / (above.size * below.size))
    won = wins_against(
        sample.probability[malignant], sample.probability[benign], sample.weights[benign]
    )
    pairs = sample.weights[malignant].sum() * sample.weights[benign].sum()
    return float(won @ sample.weights[malignant] / pairs)


def wins_against(scores: Floats, others: Floats, weights: Floats) -> Floats:
    """Weigh the ``others`` that each of ``scores`` exceeds; those tied with it count one half.

    ``scores`` ``(n,)``, ``others`` and their ``weights`` ``(m,)``; returns ``(n,)``.

    >>> wins_against(np.array([0.5]), np.array([0.1, 0.5]), np.array([1.0, 1.0]))
    array([1.5])
    """
    order = np.argsort(others, kind="stable")
    ordered = others[order]
    cumulative = np.concatenate(([0.0], np.cumsum(weights[order])))
    below = cumulative[np.searchsorted(ordered, scores, "left")]
    up_to = cumulative[np.searchsorted(ordered, scores, "right")]
    return np.asarray((below + up_to) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class PatientPlacements:
    """AUROC's parts by patient, each ``(n_patients,)``.

    ``won_by``: weighted pairs that the patient's malignant images win against all benign images;
    ``won_over``: those that all malignant images win over the patient's benign ones; ``within``:
    those inside the patient; ``malignant`` and ``benign``: the patient's summed weights.
    """

    won_by: Floats
    won_over: Floats
    within: Floats
    malignant: Floats
    benign: Floats

    @property
    def auroc(self) -> float:
        """The AUROC of all images; NaN where a class is missing."""
        pairs = self.malignant.sum() * self.benign.sum()
        return float(self.won_by.sum() / pairs) if pairs > 0 else float("nan")

    def leave_one_out(self) -> Floats:
        """Give the AUROC without each patient in turn; NaN where that leaves one class."""
        won = self.won_by.sum() - self.won_by - self.won_over + self.within
        # A difference of sums leaves rounding error where nothing is left.
        malignant = without_each(self.malignant)
        benign = without_each(self.benign)
        return np.clip(ratio(won, malignant * benign), 0.0, 1.0)


def without_each(values: Floats) -> Floats:
    """Sum ``values`` without each in turn; exactly 0 where only zeros are left.

    >>> without_each(np.array([0.1, 0.0, 0.0])).tolist()
    [0.0, 0.1, 0.1]
    """
    rest = values.sum() - values
    others = np.count_nonzero(values) - (values > 0)
    return np.where(others > 0, rest, 0.0)


def patient_placements(sample: Sample) -> PatientPlacements:
    """Sum the placement values of a sample by patient; time n log n, whatever the patients."""
    malignant, benign = sample.target, ~sample.target
    weights, scores = sample.weights, sample.probability
    won_by, won_over = np.zeros(sample.n_images), np.zeros(sample.n_images)
    won_by[malignant] = wins_against(scores[malignant], scores[benign], weights[benign])
    # A benign image loses where it is exceeded; negating both sides turns losses into wins.
    won_over[benign] = wins_against(-scores[benign], -scores[malignant], weights[malignant])
    return PatientPlacements(
        won_by=sample.sum_by_patient(won_by * weights),
        won_over=sample.sum_by_patient(won_over * weights),
        within=_won_within(sample),
        malignant=sample.sum_by_patient(np.where(malignant, weights, 0.0)),
        benign=sample.sum_by_patient(np.where(benign, weights, 0.0)),
    )


def _won_within(sample: Sample) -> Floats:
    """Weigh the pairs won inside each patient: sort by patient, then score, once for all."""
    malignant, benign = sample.target, ~sample.target
    _, rank = np.unique(sample.probability, return_inverse=True)
    key = sample.patient * (int(rank.max(initial=0)) + 1) + rank
    first_key = sample.patient * (int(rank.max(initial=0)) + 1)
    order = np.argsort(key[benign], kind="stable")
    ordered = key[benign][order]
    cumulative = np.concatenate(([0.0], np.cumsum(sample.weights[benign][order])))
    before = cumulative[np.searchsorted(ordered, first_key[malignant], "left")]
    below = cumulative[np.searchsorted(ordered, key[malignant], "left")]
    up_to = cumulative[np.searchsorted(ordered, key[malignant], "right")]
    won = np.zeros(sample.n_images)
    won[malignant] = ((below + up_to) / 2 - before) * sample.weights[malignant]
    return sample.sum_by_patient(won)


@dataclass(frozen=True, slots=True, eq=False)
class PatientMatrix:
    """The weighted pairs that one patient's malignant images win over another's benign images.

    ``wins`` is ``(n_with_malignant, n_with_benign)``; ``rows`` and ``columns`` number the patients
    of its sides. A replicate in which patient p stands m_p times has the AUROC
    m' wins m / (m' malignant)(m' benign), exactly: no image is looked at again.

    ``whole_halves`` says that all wins are whole numbers of halves, as they are without weights.
    """

    rows: Codes
    columns: Codes
    wins: Floats
    malignant: Floats
    benign: Floats
    whole_halves: bool

    def replicates(self, multiplicity: Floats) -> Floats:
        """Give the AUROC of each replicate; ``multiplicity`` is ``(n_replicates, n_patients)``."""
        with_malignant = multiplicity[:, self.rows]
        won_by_each, benign = self._drawn_pairs(multiplicity)
        won = np.einsum("rp,rp->r", with_malignant, won_by_each)
        return ratio(won, (with_malignant @ self.malignant[self.rows]) * benign)

    def _drawn_pairs(self, multiplicity: Floats) -> tuple[Floats, Floats]:
        """Weigh the pairs that one copy of each malignant patient wins, and the benign images."""
        every = self.columns.size == multiplicity.shape[1]
        drawn = multiplicity if every else multiplicity[:, self.columns]
        table = np.column_stack([self.wins.T, self.benign[self.columns]])
        largest = 2 * table.sum(axis=0).max(initial=0) * drawn.max(initial=0)
        if self.whole_halves and largest < _EXACT_IN_SINGLE:
            # Sums of whole numbers that small are exact in single precision, at half the cost.
            doubled = drawn.astype(np.float32) @ (2 * table).astype(np.float32)
            products = doubled.astype(np.float64) / 2
        else:
            products = drawn @ table
        return products[:, :-1], products[:, -1]


@dataclass(frozen=True, slots=True, eq=False)
class OrderedImages:
    """The images in order of score: the same replicates where a matrix would be too large."""

    patient: Codes
    malignant: Floats
    benign: Floats
    group_starts: Codes

    def replicates(self, multiplicity: Floats) -> Floats:
        """Give the AUROC of each replicate; ``multiplicity`` is ``(n_replicates, n_patients)``."""
        length = max(1, _BLOCK_NUMBERS // max(self.patient.size, 1))
        blocks = [
            self._block(multiplicity[start : start + length])
            for start in range(0, len(multiplicity), length)
        ]
        return np.concatenate(blocks) if blocks else np.empty(0)

    def _block(self, multiplicity: Floats) -> Floats:
        drawn = multiplicity.T[self.patient]
        malignant = np.add.reduceat(drawn * self.malignant[:, None], self.group_starts)
        benign = np.add.reduceat(drawn * self.benign[:, None], self.group_starts)
        below = np.cumsum(benign, axis=0)
        n_benign = below[-1].copy()
        below -= benign / 2
        return ratio(np.einsum("gr,gr->r", malignant, below), malignant.sum(axis=0) * n_benign)


def auroc_replicator(sample: Sample) -> PatientMatrix | OrderedImages:
    """Prepare exact AUROC replicates: by the patient matrix, or by images where it is too large."""
    n_rows, n_columns = sample.n_patients_positive, sample.n_patients_negative
    if n_rows * n_columns <= _MATRIX_NUMBERS:
        return patient_matrix(sample)
    return ordered_images(sample)


def ordered_images(sample: Sample) -> OrderedImages:
    """Put the images in ascending order of score; ``group_starts`` begins each run of ties."""
    order = np.argsort(sample.probability, kind="stable")
    scores, target = sample.probability[order], sample.target[order]
    weights = sample.weights[order]
    new = np.concatenate(([True], scores[1:] != scores[:-1])) if scores.size else np.empty(0, bool)
    return OrderedImages(
        patient=sample.patient[order],
        malignant=np.where(target, weights, 0.0),
        benign=np.where(target, 0.0, weights),
        group_starts=np.flatnonzero(new),
    )


def patient_matrix(sample: Sample) -> PatientMatrix:
    """Build the patient-by-patient matrix of a sample."""
    malignant, benign = sample.target, ~sample.target
    rows, row_of = np.unique(sample.patient[malignant], return_inverse=True)
    columns, column_of = np.unique(sample.patient[benign], return_inverse=True)
    levels, level_of = np.unique(sample.probability[malignant], return_inverse=True)
    step = _levels_above(levels, sample.probability[benign])
    wins = np.zeros((rows.size, columns.size))
    below = np.zeros(columns.size)
    height = max(1, _BLOCK_NUMBERS // max(rows.size, columns.size, 1))
    for start in range(0, levels.size, height):
        stop = min(start + height, levels.size)
        inside = (step >= 2 * start) & (step < 2 * stop)
        table = sum_in_table(
            step[inside] - 2 * start,
            column_of[inside],
            sample.weights[benign][inside],
            (2 * (stop - start), columns.size),
        )
        np.cumsum(table, axis=0, out=table)
        table += below
        below = table[-1].copy()
        beaten = (table[0::2] + table[1::2]) / 2
        here = (level_of >= start) & (level_of < stop)
        share = sum_in_table(
            row_of[here],
            level_of[here] - start,
            sample.weights[malignant][here],
            (rows.size, stop - start),
        )
        wins += share @ beaten
    return PatientMatrix(
        rows=rows.astype(np.intp),
        columns=columns.astype(np.intp),
        wins=wins,
        malignant=sample.sum_by_patient(np.where(malignant, sample.weights, 0.0)),
        benign=sample.sum_by_patient(np.where(benign, sample.weights, 0.0)),
        whole_halves=not sample.weighted,
    )


def _levels_above(levels: Floats, scores: Floats) -> NDArray[np.intp]:
    """Place scores among rising levels: 2k lies below level k, 2k + 1 is tied with it."""
    return np.searchsorted(levels, scores, "left") + np.searchsorted(levels, scores, "right")
