"""Who are the synthetic twin's patients? Their number of images, their person, their melanomas.

Drawn from the aggregate figures of :mod:`cygnet.curation.twin_figures`, one row a patient.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cygnet.curation import twin_figures as figures
from cygnet.curation.twin_figures import CAMERAS
from cygnet.errors import InputError

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Part = Literal["train", "test"]

PARTS: dict[Part, int] = {"train": 0, "test": 1}


@dataclass(slots=True)
class Patients:
    """One row a patient; ``age`` is the first one, in years, NaN where missing."""

    images: Integers
    camera: Integers
    male: NDArray[np.bool_]
    age: Numbers
    span: Integers
    sex_known: NDArray[np.bool_]
    melanomas: Integers


def images_a_patient(part: Part, n_patients: int, seed: int) -> Integers:
    """Draw how many images each patient of ``part`` has: ``(n_patients,)``.

    By systematic sampling, so that cohorts of one size have nearly the same number of images.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PARTS[part], 1)))
    share = rng.permutation((np.arange(n_patients) + rng.random(n_patients)) / max(n_patients, 1))
    test = part == "test"
    knots = figures.IMAGES_A_TEST_PATIENT_SHARE if test else figures.IMAGES_A_PATIENT_SHARE
    values = figures.IMAGES_A_TEST_PATIENT if test else figures.IMAGES_A_PATIENT
    return np.asarray(np.rint(np.interp(share, knots, values)), np.int64)


def draw_patients(
    part: Part, count: int, seed: int, prevalence: float, shortcuts: float, rng: np.random.Generator
) -> Patients:
    """Draw the patients of one part; ``shortcuts`` as in ``draw_table``.

    Raises :class:`InputError` where the prevalence leaves too few benign lesions a patient.
    """
    images = images_a_patient(part, count, seed)
    counts = np.array([camera.patients for camera in CAMERAS.values()], float)
    camera = _choose(counts[:, np.digitize(images, figures.COUNT_BINS, right=True)], rng)
    male = rng.random(count) < figures.MALE
    ages = np.where(male[None], _column(figures.FIRST_AGE_MALE), _column(figures.FIRST_AGE_FEMALE))
    age = np.array(figures.FIRST_AGE_YEARS, float)[_choose(ages, rng)]
    spans = rng.random(count) < np.array([c.spans for c in CAMERAS.values()])[camera]
    span = rng.choice(figures.AGE_SPAN_YEARS, count, p=shares(figures.AGE_SPAN_PATIENTS)) * spans
    unknown = rng.random(count) < figures.AGE_MISSING
    age[unknown] = np.nan
    sex_known = ~(unknown & (rng.random(count) < figures.SEX_MISSING_WHERE_AGE_IS))
    patients = Patients(
        images, camera, male, age, span.astype(np.int64), sex_known, np.zeros(count, np.int64)
    )
    patients.melanomas = _allot_melanomas(patients, prevalence, shortcuts, rng)
    return patients


def _allot_melanomas(
    patients: Patients, prevalence: float, shortcuts: float, rng: np.random.Generator
) -> Integers:
    """Say how many melanomas each patient has; a patient's own nevi stay the majority."""
    images = patients.images
    total = round(prevalence * int(images.sum()))
    limit = np.clip(images // 3, 1, figures.MELANOMAS_A_PATIENT_MAX)
    if total > limit.sum():
        raise InputError.of(
            f"A melanoma prevalence of {prevalence:g} leaves patients without a majority of"
            " benign lesions to compare with.",
            f"Ask for at most {limit.sum() / images.sum():.3f}.",
        )
    # At the real prevalence this gives the real share of patients, and it stays below 1 above it.
    affected = 1 - (1 - figures.PATIENTS_WITH_MELANOMA) ** (prevalence / figures.PREVALENCE)
    weight = images.astype(float) ** (1 - shortcuts) * np.where(patients.male, 1.35, 1.0)
    weight *= np.exp(0.035 * (np.nan_to_num(patients.age, nan=20.0) - 50))
    count = min(total, max(1, round(affected * len(images))), len(images)) if total else 0
    melanomas = np.zeros(len(images), np.int64)
    # The largest of exponential races against weight: a weighted draw without replacement.
    race = rng.exponential(size=len(images)) / weight
    melanomas[np.argsort(race)[:count]] = 1
    frailty = weight**0.3 * (rng.gamma(0.6, size=len(images)) + 1e-9)
    while (missing := total - int(melanomas.sum())) > 0:
        open_ = np.where(melanomas > 0, limit - melanomas, 0)
        if not open_.any():
            open_ = limit - melanomas
        pull = frailty * (open_ > 0)
        melanomas += np.minimum(rng.multinomial(missing, pull / pull.sum()), open_)
    return melanomas


def shares(counts: Any) -> Numbers:
    """Divide counts by their sum."""
    weights = np.array(counts, float)
    return np.asarray(weights / weights.sum(), np.float64)


def _choose(weights: Numbers, rng: np.random.Generator) -> Integers:
    """Draw a row of ``weights`` (choices, n) for each column, in proportion to its weights."""
    cumulative = np.cumsum(weights, axis=0)
    aim = rng.random(weights.shape[1]) * cumulative[-1]
    return np.asarray((cumulative <= aim).sum(axis=0), np.int64)


def _column(counts: tuple[int, ...]) -> Numbers:
    return np.array(counts, float)[:, None]
