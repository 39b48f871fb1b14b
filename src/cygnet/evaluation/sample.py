"""What is scored: images with their truth, probability, patient and weight, checked once.

The unit of analysis is the image, the unit of resampling the patient. Nothing here reads a file or
computes a metric; what does not fit (shapes, NaN, a target other than 0 and 1) is refused.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cygnet.errors import InputError, Offender

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

# A float64 holds 16 digits: beyond this, sums lose the small weights, and ratios of them are noise.
MAX_WEIGHT_RATIO = 1e12


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Images to score, one position an image, ``(n_images,)`` each.

    ``patient`` counts the patients from 0; an image whose patient is unknown has a number of its
    own and is marked in ``patient_unknown``. ``weights`` are sampling weights, all ones where
    ``weighted`` is false.
    """

    target: NDArray[np.bool_]
    probability: Floats
    patient: Codes
    patient_unknown: NDArray[np.bool_]
    weights: Floats
    n_patients: int
    weighted: bool

    @property
    def n_images(self) -> int:
        """How many images there are."""
        return int(self.target.size)

    @property
    def n_without_patient(self) -> int:
        """How many images have no known patient."""
        return int(np.count_nonzero(self.patient_unknown))

    @property
    def n_positive(self) -> int:
        """How many images are malignant."""
        return int(np.count_nonzero(self.target))

    @property
    def has_both_classes(self) -> bool:
        """Whether there is a malignant and a benign image."""
        return 0 < self.n_positive < self.n_images

    def n_patients_among(self, images: NDArray[np.bool_]) -> int:
        """Count the patients who have at least one of ``images``, a mask ``(n_images,)``."""
        return int(np.count_nonzero(np.bincount(self.patient[images], minlength=1)))

    @property
    def n_patients_positive(self) -> int:
        """How many patients have a melanoma."""
        return self.n_patients_among(self.target)

    @property
    def n_patients_negative(self) -> int:
        """How many patients have a benign image."""
        return self.n_patients_among(~self.target)

    @property
    def scarcer_patients(self) -> tuple[int, str]:
        """How many patients have an image of the class that fewer have, and which class."""
        positive, negative = self.n_patients_positive, self.n_patients_negative
        if positive <= negative:
            return positive, "with melanoma"
        return negative, "with a benign image"

    def sum_by_patient(self, values: Floats) -> Floats:
        """Sum ``values``, one an image, over each patient's images: ``(n_patients,)``."""
        return np.bincount(self.patient, weights=values, minlength=self.n_patients).astype(
            np.float64
        )

    def with_scores(self, scores: ArrayLike) -> "Sample":
        """Give the same images with another model's ``scores`` ``(n_images,)``, any but NaN.

        Raises :class:`InputError` for another length and for NaN.
        """
        return replace(self, probability=checked_floats(scores, "probability", self.n_images))

    def each_image_alone(self) -> "Sample":
        """Give the same images, each as a patient of its own: what ignoring patients means."""
        alone = np.arange(self.n_images, dtype=np.intp)
        return replace(self, patient=alone, n_patients=self.n_images)

    def subset(self, images: NDArray[np.bool_]) -> "Sample":
        """Give the sample of ``images`` alone, with its patients counted anew."""
        kept, patient = np.unique(self.patient[images], return_inverse=True)
        return Sample(
            target=self.target[images],
            probability=self.probability[images],
            patient=patient.astype(np.intp),
            patient_unknown=self.patient_unknown[images],
            weights=self.weights[images],
            n_patients=int(kept.size),
            weighted=self.weighted,
        )


def sum_in_table(row: Codes, column: Codes, values: Floats, shape: tuple[int, int]) -> Floats:
    """Sum ``values`` in the cells of a table of ``shape``, each at its ``row`` and ``column``.

    >>> one = np.array([0, 1, 1])
    >>> sum_in_table(one, one, np.array([1.0, 2.0, 3.0]), (2, 2)).tolist()
    [[1.0, 0.0], [0.0, 5.0]]
    """
    n_rows, n_columns = shape
    table = np.bincount(row * n_columns + column, weights=values, minlength=n_rows * n_columns)
    return np.asarray(table, dtype=np.float64).reshape(shape)


def _refuse(rule: str, remedy: str, broken: NDArray[np.bool_] | None = None) -> InputError:
    """Build the error; offenders are named by their position in the array, never by a label."""
    if broken is None:
        return InputError.of(rule, remedy)
    positions = np.flatnonzero(broken)
    offenders = [Offender(f"position {position}") for position in positions[:5]]
    return InputError.of(rule, remedy, offenders=offenders, count=int(positions.size))


def _checked_target(target: ArrayLike) -> NDArray[np.bool_]:
    values = np.asarray(target)
    if values.ndim != 1:
        raise _refuse("The target must be one number an image.", "Give an array (n_images,).")
    if values.dtype == np.bool_:
        return values
    if values.dtype.kind not in "iuf":
        raise _refuse("The target must be 0 or 1.", "Give 1 for malignant and 0 for benign.")
    broken = (values != 0) & (values != 1)
    if broken.any():
        raise _refuse("The target must be 0 or 1.", "Give 1 for malignant, 0 for benign.", broken)
    return np.asarray(values == 1)


def checked_floats(values: ArrayLike, what: str, n_images: int) -> Floats:
    """Give ``values`` as floats ``(n_images,)``; raises :class:`InputError` on shape and NaN."""
    array = np.asarray(values)
    if array.shape != (n_images,) or array.dtype.kind not in "iufb":
        raise _refuse(
            f"The {what} must be one number for each of the {n_images} images.",
            "Give numeric arrays of one length.",
        )
    array = array.astype(np.float64)
    broken = np.isnan(array)
    if broken.any():
        raise _refuse(f"The {what} is NaN.", "Give a number for every image.", broken)
    return array


def _checked_weights(weights: ArrayLike | None, n_images: int) -> Floats:
    if weights is None:
        return np.ones(n_images)
    array = checked_floats(weights, "weight", n_images)
    broken = ~(np.isfinite(array) & (array > 0))
    if broken.any():
        raise _refuse(
            "A sampling weight must be finite and above 0.", "Leave such images out.", broken
        )
    if not n_images:
        return array
    if array.min() < array.max() / MAX_WEIGHT_RATIO:
        raise _refuse(
            f"The largest sampling weight is more than {MAX_WEIGHT_RATIO:.0e} times the smallest.",
            "Images of so little weight vanish beside the others: leave them out.",
            array < array.max() / MAX_WEIGHT_RATIO,
        )
    # Only ratios of weights mean anything; a mean of 1 keeps products clear of under- and overflow.
    scaled: Floats = array / array.max()
    return np.asarray(scaled / scaled.mean())


def _patient_codes(
    patient: ArrayLike | None, n_images: int
) -> tuple[Codes, int, NDArray[np.bool_]]:
    if patient is None:
        return np.arange(n_images, dtype=np.intp), n_images, np.ones(n_images, dtype=np.bool_)
    array = np.asarray(patient)
    unknown = np.zeros(n_images, dtype=np.bool_)
    if array.shape != (n_images,):
        raise _refuse(
            f"The patient must be one identifier for each of the {n_images} images.",
            "Give an array (n_images,), or None where patients are unknown.",
        )
    if array.dtype.kind in "iub":
        values, codes = np.unique(array, return_inverse=True)
        return codes.astype(np.intp), int(values.size), unknown
    seen: dict[object, int] = {}
    codes = np.full(n_images, -1, dtype=np.intp)
    for index, identifier in enumerate(array.tolist()):
        # NaN is the one value that differs from itself.
        unknown[index] = identifier is None or identifier == "" or identifier != identifier  # noqa: PLR0124
        if not unknown[index]:
            codes[index] = seen.setdefault(identifier, len(seen))
    # In the order of their identifiers: the order of the rows must not decide what is drawn.
    place = np.empty(len(seen), dtype=np.intp)
    place[[seen[identifier] for identifier in sorted(seen, key=str)]] = np.arange(len(seen))
    codes[~unknown] = place[codes[~unknown]]
    codes[unknown] = len(seen) + np.arange(np.count_nonzero(unknown))
    return codes, len(seen) + int(np.count_nonzero(unknown)), unknown


def make_sample(
    target: ArrayLike,
    probability: ArrayLike,
    patient: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    any_score: bool = False,
) -> Sample:
    """Check the arrays and number the patients.

    ``target`` ``(n_images,)`` is 0, 1 or boolean; ``probability`` ``(n_images,)`` lies in 0 to 1
    (any number, infinities included, with ``any_score``); ``patient`` ``(n_images,)`` holds
    identifiers of any kind, where ``None``, an empty text or NaN means unknown and makes the image
    a patient of its own, as ``patient=None`` does for all; ``weights`` ``(n_images,)`` are sampling
    weights above 0, of which only the ratios matter. Raises :class:`InputError` when shapes differ,
    a number is NaN, a target is neither 0 nor 1, a probability or weight is out of range, or the
    largest weight is more than 10^12 times the smallest.
    """
    truth = _checked_target(target)
    scores = checked_floats(probability, "probability", truth.size)
    if not any_score:
        broken = (scores < 0) | (scores > 1)
        if broken.any():
            raise _refuse(
                "A probability must lie in 0 to 1.", "Give probabilities, not logits.", broken
            )
    codes, n_patients, unknown = _patient_codes(patient, truth.size)
    return Sample(
        target=truth,
        probability=scores,
        patient=codes,
        patient_unknown=unknown,
        weights=_checked_weights(weights, truth.size),
        n_patients=n_patients,
        weighted=weights is not None,
    )


def as_one_patient(
    target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None, *, any_score: bool = False
) -> Sample:
    """Check the arrays and hold all images as one patient's: for a point estimate alone."""
    truth = np.asarray(target)
    together = np.zeros(truth.shape[:1], dtype=np.intp)
    return make_sample(truth, probability, together, weights, any_score=any_score)
