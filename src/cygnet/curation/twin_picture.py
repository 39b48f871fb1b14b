"""How does a row of the twin's table become an image file? Planned, drawn, encoded, written.

This is what runs in worker processes: it reads no table, and what it draws depends on the plan
alone, not on which worker draws it or what it drew before.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from cygnet.curation.twin_appearance import Sitter, Traitline, appearance_of, picture_stream
from cygnet.images.drawing import draw_lesion

ImageFormat = Literal["jpeg", "dicom"]
SUFFIXES: dict[ImageFormat, str] = {"jpeg": ".jpg", "dicom": ".dcm"}

JPEG_QUALITY = 90
_DRAWN_AT_MOST_PX = 1024


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """One image file: what is on it, its size in pixels, and whose it is.

    ``drawn_px`` is the size at which the picture is drawn, ``size_px`` the one it is saved at:
    they differ for a copy that was scaled.
    """

    image_name: str
    patient_id: str
    lesion_id: str | None
    sitter: Sitter
    drawn_px: tuple[int, int]
    size_px: tuple[int, int]
    sex: str | None
    site: str | None


@dataclass(frozen=True, slots=True)
class PictureShard:
    """Some pictures for one worker."""

    folder: Path
    plans: tuple[PicturePlan, ...]
    seed: int
    traitline: Traitline
    image_format: ImageFormat


def write_pictures(shard: PictureShard) -> int:
    """Draw and write the pictures of one shard; returns how many."""
    threads = cv2.getNumThreads()
    # The workers are the parallelism; threads inside them would only get in each other's way.
    cv2.setNumThreads(1)
    try:
        for plan in shard.plans:
            _write_picture(plan, shard)
    finally:
        cv2.setNumThreads(threads)
    return len(shard.plans)


def draw_picture(plan: PicturePlan, seed: int, traitline: Traitline) -> NDArray[np.uint8]:
    """Draw one planned picture: ``(height, width, 3)`` RGB, uint8."""
    shrink = min(1.0, _DRAWN_AT_MOST_PX / max(plan.drawn_px))
    width, height = (max(1, round(side * shrink)) for side in plan.drawn_px)
    picture = draw_lesion(
        appearance_of(plan.sitter, seed, traitline),
        width_px=width,
        height_px=height,
        rng=picture_stream(seed, plan.sitter.image),
    )
    if plan.size_px == (width, height):
        return picture
    finer = plan.size_px[0] > width
    method = cv2.INTER_CUBIC if finer else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, plan.size_px, interpolation=method), np.uint8)


def _write_picture(plan: PicturePlan, shard: PictureShard) -> None:
    picture = draw_picture(plan, shard.seed, shard.traitline)
    jpeg: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(picture),
        quality=JPEG_QUALITY,
        colorspace="RGB",
        colorsubsampling="420",
    )
    path = shard.folder / f"{plan.image_name}{SUFFIXES[shard.image_format]}"
    if shard.image_format == "jpeg":
        # No temporary name and no sync: the folder has both, when all of it is there.
        path.write_bytes(jpeg)
        return
    from cygnet.images.dicom import write_dermoscopic_dicom

    write_dermoscopic_dicom(
        path,
        jpeg,
        image_name=plan.image_name,
        patient_id=plan.patient_id,
        sex=plan.sex,
        age_years=plan.sitter.age_years,
        site=plan.site,
        lesion_id=plan.lesion_id,
    )
