"""Which patients, lesions and images does the synthetic twin have? A table like ISIC 2020's.

The table follows the aggregate figures of :mod:`cygnet.curation.twin_figures` and nothing else: no
row of it stands for a real image. All is drawn with numpy, whole columns at a time.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.curation import twin_figures as figures
from cygnet.curation.twin_figures import CAMERAS
from cygnet.curation.twin_patients import PARTS, Part, Patients, draw_patients, shares
from cygnet.errors import InputError

Integers = NDArray[np.int64]
Words = NDArray[np.str_]

DEFAULT_SHORTCUTS = 0.35
_CAMERA_NAMES = tuple(CAMERAS)
_IDENTIFIERS = 10_000_000


def draw_table(
    n_patients: int,
    seed: int,
    melanoma_prevalence: float = figures.PREVALENCE,
    *,
    shortcut_strength: float = DEFAULT_SHORTCUTS,
) -> pl.DataFrame:
    """Draw the training table of a synthetic cohort, one row an image, in order of image_name.

    Columns are those of ISIC 2020 with ``lesion_id`` (``age_approx`` Float64, null where missing),
    and further ``width``, ``height`` (the stated original size, px), ``camera``, ``copy_of`` (the
    image of the same lesion that this one repeats, null for nearly all), ``copy_kind``
    ("same file", "resized" or "retaken") and ``copy_listed``.

    ``shortcut_strength`` says how much the original size and the number of images a patient has
    tell about the target: 0 nothing, 1 as much as in the real data.

    Raises :class:`InputError` where the numbers asked for cannot be.
    """
    return draw_tables(n_patients, 0, seed, melanoma_prevalence, shortcut_strength)[0]


def draw_tables(
    n_patients: int,
    n_test_patients: int,
    seed: int,
    melanoma_prevalence: float = figures.PREVALENCE,
    shortcut_strength: float = DEFAULT_SHORTCUTS,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draw a training and a test table (columns as in :func:`draw_table`) that share no id.

    The training table does not depend on ``n_test_patients``.
    """
    _validate(n_patients, n_test_patients, melanoma_prevalence, shortcut_strength)
    train = _draw_part("train", n_patients, seed, melanoma_prevalence, shortcut_strength, None)
    test = _draw_part("test", n_test_patients, seed, melanoma_prevalence, shortcut_strength, train)
    return train, test


def listed_duplicates(table: pl.DataFrame) -> pl.DataFrame:
    """Give the pairs that the cohort's duplicates table lists: image_name_1, image_name_2."""
    first = pl.min_horizontal("image_name", "copy_of").alias("image_name_1")
    second = pl.max_horizontal("image_name", "copy_of").alias("image_name_2")
    return table.filter(pl.col("copy_listed")).select(first, second).sort("image_name_1")


def _validate(n_patients: int, n_test_patients: int, prevalence: float, shortcuts: float) -> None:
    if n_patients < 1 or n_test_patients < 0:
        raise InputError.of(
            f"A cohort of {n_patients} and {n_test_patients} patients cannot be drawn.",
            "Ask for at least one training patient, and no fewer than 0 test patients.",
        )
    if n_patients + n_test_patients > 100_000:
        raise InputError.of(
            "Seven digits are too few to name the images of more than 100000 patients.",
            "Ask for fewer patients.",
        )
    for name, value in (("melanoma prevalence", prevalence), ("shortcut strength", shortcuts)):
        if not 0 <= value <= 1:
            raise InputError.of(f"The {name} {value} is no share.", "Give a number from 0 to 1.")


def _draw_part(
    part: Part,
    n_patients: int,
    seed: int,
    prevalence: float,
    shortcuts: float,
    other: pl.DataFrame | None,
) -> pl.DataFrame:
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(PARTS[part],)))
    patients = draw_patients(part, n_patients, seed, prevalence, shortcuts, rng)
    patient = np.repeat(np.arange(n_patients), patients.images)
    target = _draw_target(patients, patient, rng)
    columns: dict[str, Any] = {"patient": patient, "target": target}
    columns |= _draw_sizes(patients, patient, target, shortcuts, rng)
    columns |= _draw_person(patients, patient, rng)
    columns |= _draw_findings(columns, rng)
    columns |= _draw_copies(columns, rng)
    return _named(columns, n_patients, other, rng)


def _draw_target(patients: Patients, patient: Integers, rng: np.random.Generator) -> Integers:
    order = np.lexsort((rng.random(len(patient)), patient))
    place = np.empty(len(patient), np.int64)
    place[order] = np.arange(len(patient)) - _starts(patients.images)[patient]
    return (place < patients.melanomas[patient]).astype(np.int64)


def _draw_sizes(
    patients: Patients,
    patient: Integers,
    target: Integers,
    shortcuts: float,
    rng: np.random.Generator,
) -> dict[str, Any]:
    count = len(patient)
    elsewhere = shares([camera.elsewhere for camera in CAMERAS.values()])
    malignant = shares([camera.malignant for camera in CAMERAS.values()])
    camera = np.where(
        rng.random(count) < 0.87,
        patients.camera[patient],
        rng.choice(len(CAMERAS), count, p=elsewhere),
    )
    told = (target == 1) & (rng.random(count) < shortcuts)
    camera = np.where(told, rng.choice(len(CAMERAS), count, p=malignant), camera)
    width, height = np.empty(count, np.int64), np.empty(count, np.int64)
    for index, kind in enumerate(CAMERAS.values()):
        here = camera == index
        sizes = np.array(kind.sizes)[rng.integers(len(kind.sizes), size=int(here.sum()))]
        width[here], height[here] = sizes[:, 0], sizes[:, 1]
    return {"camera": camera, "width": width, "height": height}


def _draw_person(patients: Patients, patient: Integers, rng: np.random.Generator) -> dict[str, Any]:
    years = patients.span[patient] * np.clip(1.3 * rng.random(len(patient)) - 0.15, 0, 1)
    age = np.minimum(patients.age[patient] + 5 * np.rint(years / 5), 90.0)
    male = patients.male[patient]
    return {"age": age, "male": male, "sex_known": patients.sex_known[patient]}


def _draw_findings(columns: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    patient, target, age = columns["patient"], columns["target"], columns["age"]
    count, patients = len(patient), int(patient.max(initial=-1)) + 1
    site = np.empty(count, np.int64)
    for (sex, malignant), images in figures.SITE_IMAGES.items():
        here = (columns["male"] == (sex == "male")) & (target == malignant)
        site[here] = rng.choice(len(figures.SITES), int(here.sum()), p=shares(images))
    careless = rng.random(patients) < figures.PATIENTS_WITH_SITE_MISSING
    gaps = figures.SITE_MISSING / figures.PATIENTS_WITH_SITE_MISSING
    site[careless[patient] & (rng.random(count) < gaps)] = -1
    named = np.array([camera.named for camera in CAMERAS.values()])[columns["camera"]]
    habit = np.where(rng.random(count) < 0.9, rng.random(patients)[patient], rng.random(count))
    diagnosis = np.where(habit < named, "nevus", "unknown").astype("<U40")
    rate = np.array(list(figures.RARE_DIAGNOSES.values())) / figures.BENIGN_IMAGES
    older = np.maximum(np.nan_to_num(age, nan=50.0) - 30, 2) / 19
    draw = rng.random(count) / older
    rare = np.searchsorted(np.cumsum(rate), draw, side="right")
    words = np.array([*figures.RARE_DIAGNOSES, ""])
    diagnosis = np.where(rare < len(rate), words[rare], diagnosis)
    return {"site": site, "diagnosis": np.where(target == 1, "melanoma", diagnosis)}


def _draw_copies(columns: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Let some images repeat another one of the same patient and target."""
    patient, target = columns["patient"], columns["target"]
    count = len(patient)
    order = np.lexsort((rng.random(count), target, patient))
    group = patient[order] * 2 + target[order]
    place = np.arange(count) - np.searchsorted(group, group)
    odd = np.flatnonzero(place % 2 == 1)
    pairs = min(round(figures.DUPLICATE_PAIRS * count), len(odd))
    chosen = rng.choice(odd, pairs, replace=False) if pairs else np.empty(0, np.int64)
    copy, first = order[chosen], order[chosen - 1]
    luck, kind_luck = rng.random(pairs), rng.random(pairs)
    other_lesion = luck < figures.PAIRS_OF_TWO_LESION_IDS
    unlisted = luck > 1 - figures.PAIRS_NOT_LISTED
    other_site = rng.random(pairs) < figures.PAIRS_OF_TWO_SITES
    kind = np.where(kind_luck < 0.4, "same file", np.where(kind_luck < 0.7, "resized", "retaken"))
    kind[unlisted] = "retaken"
    kind[other_lesion] = "same file"
    kind[(kind == "resized") & (columns["width"][first] < 2592)] = "same file"
    for name in ("camera", "width", "height", "age", "diagnosis"):
        columns[name][copy] = columns[name][first]
    columns["site"][copy[~other_site]] = columns["site"][first[~other_site]]
    halved = copy[kind == "resized"]
    columns["width"][halved] //= 2
    columns["height"][halved] //= 2
    copy_of, lesion = np.full(count, -1), np.arange(count)
    copy_of[copy] = first
    lesion[copy[~other_lesion]] = first[~other_lesion]
    kinds, listed = np.full(count, "", "<U9"), np.zeros(count, bool)
    kinds[copy], listed[copy] = kind, ~unlisted
    return {"copy_of": copy_of, "lesion": lesion, "copy_kind": kinds, "copy_listed": listed}


def _named(
    columns: dict[str, Any],
    n_patients: int,
    other: pl.DataFrame | None,
    rng: np.random.Generator,
) -> pl.DataFrame:
    count = len(columns["patient"])
    image = _identifiers("ISIC", count, other, "image_name", rng)
    patient = _identifiers("IP", n_patients, other, "patient_id", rng)
    lesion = _identifiers("IL", count, other, "lesion_id", rng)
    target, copy_of = columns["target"], columns["copy_of"]
    table = pl.DataFrame(
        {
            "image_name": image,
            "patient_id": patient[columns["patient"]],
            "lesion_id": lesion[columns["lesion"]],
            "sex": np.where(columns["male"], "male", "female"),
            "age_approx": columns["age"],
            "anatom_site_general_challenge": np.array([*figures.SITES, ""])[columns["site"]],
            "diagnosis": columns["diagnosis"],
            "benign_malignant": np.where(target == 1, "malignant", "benign"),
            "target": target,
            "width": columns["width"],
            "height": columns["height"],
            "camera": np.array(_CAMERA_NAMES)[columns["camera"]],
            "copy_of": np.where(copy_of >= 0, image[copy_of], ""),
            "copy_kind": columns["copy_kind"],
            "copy_listed": columns["copy_listed"],
            "sex_known": columns["sex_known"],
        }
    )
    gaps = [
        pl.when("sex_known").then("sex").alias("sex"),
        pl.col("age_approx").fill_nan(None),
        *(
            pl.col(name).replace("", None)
            for name in ("anatom_site_general_challenge", "copy_of", "copy_kind")
        ),
    ]
    return table.with_columns(gaps).drop("sex_known").sort("image_name")


def _identifiers(
    prefix: str,
    count: int,
    other: pl.DataFrame | None,
    column: str,
    rng: np.random.Generator,
) -> Words:
    taken = 0 if other is None else other[column].n_unique()
    drawn = rng.choice(_IDENTIFIERS, count + taken, replace=False)
    if other is not None:
        used = other[column].unique().str.slice(len(prefix) + 1).cast(pl.Int64).to_numpy()
        drawn = drawn[~np.isin(drawn, used)]
    return np.array([f"{prefix}_{number:07d}" for number in drawn[:count]], dtype=np.str_)


def _starts(counts: Integers) -> Integers:
    return np.asarray(np.cumsum(counts) - counts, np.int64)
