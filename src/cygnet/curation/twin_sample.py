"""What do one drawn patient's pictures look like? Of the synthetic twin, in memory, no file."""

from dataclasses import dataclass

import numpy as np
import simplejpeg

from cygnet.curation.synth import plans_of
from cygnet.curation.twin_appearance import Traitline
from cygnet.curation.twin_picture import JPEG_QUALITY, draw_picture
from cygnet.curation.twin_table import draw_table

_N_PATIENTS = 40
_PREVALENCE = 0.1


@dataclass(frozen=True, slots=True)
class SamplePicture:
    """One drawn picture as a JPEG, and what the twin's table tells of it."""

    image_name: str
    jpeg: bytes
    site: str | None
    lesion_id: str | None


@dataclass(frozen=True, slots=True)
class SamplePatient:
    """A drawn patient: age and sex, ``None`` where the twin does not know them, and pictures."""

    age_years: float | None
    sex: str | None
    pictures: tuple[SamplePicture, ...]


def draw_sample_patient(n_images: int = 12, *, size_px: int = 512, seed: int = 7) -> SamplePatient:
    """Draw the patient of about ``n_images`` pictures who has one melanoma among them.

    The same seed gives the same bytes.
    """
    table = draw_table(_N_PATIENTS, seed, _PREVALENCE)
    best = None
    for (name,), rows in table.group_by("patient_id", maintain_order=True):
        melanomas = int(rows["target"].sum())
        distance = abs(rows.height - n_images) + 10 * abs(melanomas - 1)
        if best is None or distance < best[0]:
            best = (distance, name)
    if best is None:
        raise AssertionError("a drawn cohort has patients")
    rows = table.filter(table["patient_id"] == best[1])
    known = {row["image_name"]: row for row in rows.iter_rows(named=True)}
    pictures = []
    for plan in plans_of(rows, size_px):
        row = known[plan.image_name]
        pixels = np.ascontiguousarray(draw_picture(plan, seed, Traitline()))
        jpeg = simplejpeg.encode_jpeg(
            pixels, quality=JPEG_QUALITY, colorspace="RGB", colorsubsampling="420"
        )
        site = row["anatom_site_general_challenge"]
        pictures.append(SamplePicture(plan.image_name, bytes(jpeg), site, row["lesion_id"]))
    first = next(iter(known.values()))
    return SamplePatient(first["age_approx"], first["sex"], tuple(pictures))
