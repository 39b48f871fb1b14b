"""How good is a submission on one part of the truth, and how sure is that?

Everything later steps need (comparison, rank intervals, the Ladder) is kept as the AUROC's parts by
patient, so that no file is read twice. The same file and part always give the same bytes.
"""

import struct
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from cygnet.challenge.truth import Part
from cygnet.errors import InputError
from cygnet.evaluation.delong import delong_covariance
from cygnet.evaluation.field import Field
from cygnet.evaluation.placement import patient_placements
from cygnet.evaluation.sample import Floats, Sample

_HEAD: Final = struct.Struct("<4sI3d")
_MARK: Final = b"CPS1"


@dataclass(frozen=True, slots=True, eq=False)
class PartScore:
    """A submission's AUROC on one part, its errors, and its parts by patient.

    ``standard_error`` is cluster DeLong's, NaN below two patients of a class. ``chance_error`` is
    the error that a file without any knowledge would have (:func:`chance_error`). ``won_by``,
    ``won_over`` and ``within`` ``(n_patients,)`` are as :class:`PatientPlacements` has them.
    """

    auroc: float
    standard_error: float
    chance_error: float
    won_by: Floats
    won_over: Floats
    within: Floats

    def to_bytes(self) -> bytes:
        """Give the score as bytes, little endian, for a database or a file."""
        head = _HEAD.pack(
            _MARK, self.won_by.size, self.auroc, self.standard_error, self.chance_error
        )
        parts = np.stack([self.won_by, self.won_over, self.within])
        return head + parts.astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read back what :meth:`to_bytes` gave; raises :class:`InputError` for anything else."""
        whole = len(data) >= _HEAD.size
        mark, n_patients, *numbers = _HEAD.unpack_from(data) if whole else (b"", 0, 0.0, 0.0, 0.0)
        if mark != _MARK or len(data) != _HEAD.size + 24 * n_patients:
            raise InputError.of("This is no stored score.", "Score the submission again.")
        parts = np.frombuffer(data, dtype="<f8", offset=_HEAD.size).reshape(3, n_patients)
        return cls(*numbers, *parts.astype(np.float64))


def part_score(part: Part, probability: Floats) -> PartScore:
    """Score a submission on one part.

    ``probability`` ``(n_images of the contest,)`` is in the order of its ``image_names``. Pure:
    the same arguments give the same result, however often and in whichever order it is asked for.
    """
    sample = part.sample.with_scores(probability[part.positions])
    parts = patient_placements(sample)
    variance = float(delong_covariance(Field.of_one(parts))[0, 0])
    return PartScore(
        auroc=parts.auroc,
        standard_error=float(np.sqrt(max(variance, 0.0))),
        chance_error=chance_error(sample),
        won_by=parts.won_by,
        won_over=parts.won_over,
        within=parts.within,
    )


def chance_error(sample: Sample) -> float:
    r"""Give the error of the AUROC of a file that knows nothing but is as alike within patients.

    .. math:: SE_0^2 = \frac{1}{12} \left[ \frac{1-\rho}{M} + \rho \frac{\sum m_p^2}{M^2}
              + \frac{1-\rho}{N} + \rho \frac{\sum n_p^2}{N^2} \right]

    with :math:`m_p` malignant and :math:`n_p` benign images of patient p, M and N in all,
    :math:`\rho` the intraclass correlation of the scores' ranks within patients, and 1/12 the
    variance of a uniform rank, the largest that ranks can have. A file of many ties has a small
    empirical error and is right by luck more often than that error says; this one cannot be made
    small by the file.
    """
    share = mid_ranks(sample.probability) / sample.n_images - 0.5
    correlation = _intraclass(share, sample.patient, sample.n_patients)
    malignant = sample.sum_by_patient(sample.target.astype(np.float64))
    benign = sample.sum_by_patient((~sample.target).astype(np.float64))
    variance = 0.0
    for counts in (malignant, benign):
        total = counts.sum()
        together = float(np.sum(counts**2)) / total**2
        variance += (1 - correlation) / total + correlation * together
    return float(np.sqrt(variance / 12))


def mid_ranks(values: Floats) -> Floats:
    """Give ranks from 1; equals share the mean of theirs. Without scipy, which loads slowly.

    >>> mid_ranks(np.array([0.5, 0.1, 0.5])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])


def difference_error(part: Part, one: PartScore, other: PartScore) -> float:
    """Give cluster DeLong's standard error of the difference of two AUROCs on the same part."""
    covariance = delong_covariance(field_of_scores(part, (one, other)))
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return float(np.sqrt(max(float(variance), 0.0)))


def field_of_scores(part: Part, scores: tuple[PartScore, ...]) -> Field:
    """Put scores on the same part together, as ``cygnet compare`` sums its models."""
    sample = part.sample
    return Field(
        np.stack([one.won_by for one in scores]),
        np.stack([one.won_over for one in scores]),
        np.stack([one.within for one in scores]),
        sample.sum_by_patient(sample.target.astype(np.float64)),
        sample.sum_by_patient((~sample.target).astype(np.float64)),
    )


def _intraclass(values: Floats, patient: NDArray[np.intp], n_patients: int) -> float:
    """Estimate the intraclass correlation by one-way analysis of variance, cut to 0 and 1."""
    counts = np.bincount(patient, minlength=n_patients).astype(np.float64)
    if values.size <= n_patients:
        return 0.0
    means = np.bincount(patient, values, n_patients) / counts
    within = float(np.sum((values - means[patient]) ** 2)) / (values.size - n_patients)
    between = float(np.sum(counts * (means - values.mean()) ** 2)) / max(n_patients - 1, 1)
    typical = (values.size - float(np.sum(counts**2)) / values.size) / max(n_patients - 1, 1)
    own = max((between - within) / typical, 0.0)
    return own / (own + within) if own + within > 0 else 0.0
