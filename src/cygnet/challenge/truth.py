"""Which patients are public, which private? A contest's truth, split by a secret seed.

Patients are dealt whole. Among those with a melanoma and those without, neighbours by the number of
images are dealt together, so that both parts are alike, and by the seed alone, so that nobody can
tell which is which. Refuses a part on which no error could be estimated.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.errors import InputError, Offender, TableError
from cygnet.evaluation.estimate import MIN_PATIENTS
from cygnet.evaluation.sample import Sample, make_sample
from cygnet.predictions import read_truth

_FEWEST_PATIENTS: Final = 2
_DEALT_TOGETHER: Final = 10
_SHOWN: Final = 5


class Usage(StrEnum):
    """The part of a truth, spelled as a ``Usage`` column spells it."""

    PUBLIC = "Public"
    PRIVATE = "Private"


@dataclass(frozen=True, slots=True, eq=False)
class ContestTruth:
    """A truth in the order of its ids: ``image_name, patient_id, target, usage``.

    ``patient_id`` is null where unknown: such an image is a patient of its own. ``usage`` is null
    before the split. ``notes`` are cautions for the organiser.
    """

    table: pl.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def image_names(self) -> tuple[str, ...]:
        """The ids of the contest, sorted; probabilities are held in this order."""
        return tuple(self.table["image_name"])

    @property
    def digest(self) -> str:
        """SHA-256 over all ids, patients, targets and parts, in hexadecimal."""
        made = hashlib.sha256()
        for row in self.table.iter_rows():
            made.update(json.dumps(row, ensure_ascii=True).encode() + b"\n")
        return made.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One side of a truth, ready to score; ``positions`` index the contest's ``image_names``."""

    usage: Usage
    positions: NDArray[np.intp]
    sample: Sample

    @property
    def n_images(self) -> int:
        """How many images this part has."""
        return self.sample.n_images

    @property
    def n_patients(self) -> int:
        """How many patients this part has."""
        return self.sample.n_patients


def read_contest_truth(path: Path) -> ContestTruth:
    """Read ``image_name, patient_id, target`` and, where there is one, ``Usage``.

    Raises :class:`TableError` as :func:`read_truth`, and for a ``Usage`` other than ``Public`` and
    ``Private``; :class:`InputError` where the parts given cannot be scored.
    """
    rows = read_truth(path)
    given = next((name for name in rows.columns if name.casefold() == "usage"), None)
    usage = pl.lit(None, pl.String)
    if given is not None:
        usage = pl.col(given).str.to_titlecase()
        unfit = rows.filter(~usage.is_in(list(Usage)).fill_null(value=False))
        if unfit.height:
            raise TableError.of(
                "The usage is neither Public nor Private.",
                "Leave the column out, and the contest splits the patients itself.",
                file=path,
                offenders=[Offender("", row) for row in unfit["row"].head(_SHOWN)],
                count=unfit.height,
            )
    table = rows.select("image_name", "patient_id", "target", usage=usage).sort("image_name")
    if given is None:
        return ContestTruth(table)
    return _judged(table)


def split_truth(truth: ContestTruth, seed: bytes, *, public_share: float = 0.3) -> ContestTruth:
    """Deal the patients to the public and the private part by ``seed``; a given usage is kept.

    The same truth and seed give the same parts. ``public_share`` is of the patients, within those
    with a melanoma and those without. Raises :class:`InputError` where a part would have fewer
    than two patients with a melanoma, or with a benign image.
    """
    if truth.table["usage"].null_count() == 0:
        return truth
    table = truth.table.drop("usage").with_columns(own=_patient())
    patients = table.group_by("own").agg(
        pl.col("target").sum().alias("n_positive"), pl.len().alias("n_images")
    )
    ranked = sorted(
        (
            (positive == 0, -positive, -images, _keyed(seed, own), own)
            for own, positive, images in patients.iter_rows()
        ),
    )
    public = {
        own
        for without in (False, True)
        for own in _dealt(
            [(key, own) for flag, _, _, key, own in ranked if flag is without], public_share
        )
    }
    usage = pl.when(pl.col("own").is_in(list(public)))
    table = table.with_columns(usage=usage.then(pl.lit("Public")).otherwise(pl.lit("Private")))
    made = _judged(table.drop("own"))
    return ContestTruth(made.table, (*truth.notes, *made.notes))


def part_of(truth: ContestTruth, usage: Usage) -> Part:
    """Give one part of a truth that was split, ready to score."""
    chosen = (truth.table["usage"] == usage.value).fill_null(value=False).to_numpy()
    rows = truth.table.filter(chosen)
    sample = make_sample(
        rows["target"].to_numpy(), np.zeros(rows.height), rows.select(_patient()).to_series()
    )
    return Part(usage, np.flatnonzero(chosen), sample)


def _patient() -> pl.Expr:
    """Name each image's patient; an image without one is named as no patient can be."""
    alone = pl.lit("\0") + pl.col("image_name")
    return pl.coalesce(pl.col("patient_id"), alone).alias("own")


def _keyed(seed: bytes, patient: str) -> bytes:
    return hmac.digest(seed, b"contest split\0" + patient.encode(), hashlib.sha256)


def _dealt(patients: list[tuple[bytes, str]], share: float) -> list[str]:
    """Take ``share`` of the patients, from each ten neighbours those whose key is lowest."""
    taken: list[str] = []
    wanted = round(share * len(patients))
    if len(patients) > 1:
        wanted = min(max(wanted, 1), len(patients) - 1)
    for start in range(0, len(patients), _DEALT_TOGETHER):
        block = sorted(patients[start : start + _DEALT_TOGETHER])
        up_to = round(wanted * min(start + _DEALT_TOGETHER, len(patients)) / len(patients))
        taken += [own for _, own in block[: up_to - len(taken)]]
    return taken


def _judged(table: pl.DataFrame) -> ContestTruth:
    """Refuse parts that cannot be scored, and say what an organiser should know of the others."""
    notes = []
    named = table.filter(pl.col("patient_id").is_not_null())
    torn = named.group_by("patient_id").agg(pl.col("usage").n_unique()).filter(pl.col("usage") > 1)
    if torn.height:
        notes.append(
            f"{torn.height} patients stand in both parts: what the public part tells of them is "
            "known of the private part too."
        )
    for usage in Usage:
        part = table.filter(pl.col("usage") == usage.value).with_columns(own=_patient())
        for target, whose in ((1, "with a melanoma"), (0, "with a benign image")):
            count = part.filter(pl.col("target") == target)["own"].n_unique()
            if count < _FEWEST_PATIENTS:
                raise InputError.of(
                    f"The {usage.value.lower()} part has {count} patients {whose}; "
                    f"at least {_FEWEST_PATIENTS} are needed.",
                    "Give a larger truth, or another share.",
                )
            if count < MIN_PATIENTS:
                notes.append(
                    f"The {usage.value.lower()} part has {count} patients {whose}, fewer than "
                    f"{MIN_PATIENTS}: it bears no interval."
                )
    return ContestTruth(table, tuple(notes))
