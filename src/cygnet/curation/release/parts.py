"""How do the images get into the release? In parts of limited size, each written whole or not.

A part is a zip file, or a stretch of a folder. It is done when its record lies beside it, so that
a release that was stopped goes on at its first part without one. Names inside a part are made of
released identifiers alone; no name of DATA becomes a path.
"""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from cygnet.curation.release.config import ImageFormat, ReleaseConfig
from cygnet.curation.release.split import TRAIN
from cygnet.durable import write_text_whole, write_whole
from cygnet.errors import MAX_SHOWN, Fault, ImageError, Offender
from cygnet.images.decode import decode_to_size
from cygnet.images.dicom import read_dicom_picture, write_dermoscopic_dicom
from cygnet.images.dicom_attributes import Laterality
from cygnet.images.faults import read_image_bytes
from cygnet.images.headers import parse_header
from cygnet.images.jpeg_stripping import without_metadata
from cygnet.shards import run_shards

# As each of ISIC 2020's archives is called, and the folder that it unpacks to under that name.
_FOLDERS: Final[dict[tuple[ImageFormat, bool], tuple[str, str]]] = {
    ("jpeg", True): ("ISIC_2020_Training_JPEG", "train"),
    ("jpeg", False): ("ISIC_2020_Test_JPEG", "ISIC_2020_Test_Input"),
    ("dicom", True): ("ISIC_2020_Training_Dicom", "train"),
    ("dicom", False): ("ISIC_2020_Test_Dicom", "test"),
}
_SUFFIXES: Final[dict[ImageFormat, str]] = {"jpeg": ".jpg", "dicom": ".dcm"}
_MOST_IMAGES: Final = 5_000
# Small, so that decoding is cheap: every compressed byte is still read.
_CHECKED_PX: Final = 16
_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_READABLE_FILE: Final = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class PartImage:
    """One image to release: its file in DATA, and what a DICOM file says of it."""

    source: Path
    image_name: str
    patient_id: str
    sex: str | None
    age_years: float | None
    site: str | None
    lesion_id: str | None
    laterality: Laterality | None


@dataclass(frozen=True, slots=True)
class Part:
    """Some images of one format, to be written under ``data`` and recorded in ``record``."""

    data: Path
    record: Path
    name: str
    archive: str | None
    folder: str
    image_format: ImageFormat
    images: tuple[PartImage, ...]
    decode: bool
    refuse_oriented: bool


@dataclass(frozen=True, slots=True)
class WrittenImage:
    """One image as it was released; ``path`` is that under ``data/`` when all is unpacked."""

    image_name: str
    path: str
    sha256: str
    n_bytes: int
    width_px: int
    height_px: int
    oriented: bool


def image_folder(image_format: ImageFormat, *, train: bool) -> str:
    """Give the folder of these images under ``data/``, as the cohort reader looks for it."""
    return "/".join(_FOLDERS[image_format, train])


def plan_parts(
    rows: pl.DataFrame, files: dict[str, Path], config: ReleaseConfig, work: Path
) -> list[Part]:
    """Plan the parts of all formats; ``files`` gives the file of each source_image."""
    parts = []
    for image_format in config.images.formats:
        for train in (True, False):
            images = [
                PartImage(
                    source=files[row["source_image"]],
                    image_name=row["image_name"],
                    patient_id=row["patient_id"],
                    sex=row["sex"],
                    age_years=row["age_approx"],
                    site=row["anatom_site_general_challenge"],
                    # The tables of a test set do not tell which images show one lesion either.
                    lesion_id=row["lesion_id"] if train else None,
                    laterality=row["laterality"],
                )
                for row in rows.filter((pl.col("side") == TRAIN) == train).iter_rows(named=True)
            ]
            stretches = _stretches(images, config.images.part_mb * 1_000_000)
            archive, _ = _FOLDERS[image_format, train]
            for number, stretch in enumerate(stretches, start=1):
                name = archive if len(stretches) == 1 else f"{archive}_part{number:03d}"
                parts.append(
                    Part(
                        data=work / "tree" / "data",
                        record=work / "parts" / f"{name}.json",
                        name=name,
                        archive=f"{name}.zip" if config.images.package == "zip" else None,
                        folder=image_folder(image_format, train=train),
                        image_format=image_format,
                        images=tuple(stretch),
                        decode=config.images.decode,
                        refuse_oriented=config.images.orientation == "refuse",
                    )
                )
    return parts


def _stretches(images: Sequence[PartImage], limit_bytes: int) -> list[list[PartImage]]:
    stretches: list[list[PartImage]] = []
    size = 0
    for image in images:
        n_bytes = image.source.stat().st_size
        if not stretches or size + n_bytes > limit_bytes or len(stretches[-1]) >= _MOST_IMAGES:
            stretches.append([])
            size = 0
        stretches[-1].append(image)
        size += n_bytes
    return stretches


def write_parts(
    parts: Sequence[Part],
    *,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[WrittenImage]:
    """Write every part that has no record yet; give all images that are there, part by part.

    ``progress`` is told how many more images are done. Raises :class:`ImageError` with a fault a
    rule, after all parts were tried, when images cannot be released.
    """
    open_parts = [part for part in parts if not part.record.is_file()]
    refused: dict[str, list[str]] = {}
    remedies: dict[str, str] = {}
    if progress is not None:
        progress(sum(len(part.images) for part in parts if part.record.is_file()))
    for index, faults in run_shards(_write_part, open_parts, workers=workers):
        for rule, remedy, value in faults:
            refused.setdefault(rule, []).append(value)
            remedies[rule] = remedy
        if progress is not None:
            progress(len(open_parts[index].images))
    if refused:
        raise ImageError(
            *(
                Fault(
                    rule,
                    remedies[rule],
                    None,
                    tuple(Offender(value) for value in values[:MAX_SHOWN]),
                    len(values),
                )
                for rule, values in refused.items()
            )
        )
    return [image for part in parts for image in _read_record(part.record)]


def _read_record(record: Path) -> list[WrittenImage]:
    written: list[dict[str, Any]] = json.loads(record.read_text(encoding="utf-8"))
    return [WrittenImage(**one) for one in written]


def _write_part(part: Part) -> list[tuple[str, str, str]]:
    """Write one part; give (rule, remedy, file) of each image that cannot be released."""
    faults: list[tuple[str, str, str]] = []
    if part.archive is None:
        written = [_keep(part.data / one.path, data, one) for one, data in _released(part, faults)]
    else:
        path = part.data / part.archive
        with write_whole(path) as stream, zipfile.ZipFile(stream, "w") as archive:
            written = [_add(archive, data, one) for one, data in _released(part, faults)]
        if faults:
            path.unlink()
    if not faults:
        rows = [asdict(one) for one in written]
        write_text_whole(part.record, json.dumps(rows, indent=1) + "\n")
    return faults


def _keep(path: Path, data: bytes, image: WrittenImage) -> WrittenImage:
    with write_whole(path) as stream:
        stream.write(data)
    return image


def _add(archive: zipfile.ZipFile, data: bytes, image: WrittenImage) -> WrittenImage:
    # The same release gives the same bytes, whenever and wherever it is made.
    entry = zipfile.ZipInfo(image.path, _ZIP_DATE)
    entry.create_system = _UNIX
    entry.external_attr = _READABLE_FILE
    archive.writestr(entry, data)
    return image


def _released(
    part: Part, faults: list[tuple[str, str, str]]
) -> Iterator[tuple[WrittenImage, bytes]]:
    """Yield each image as it is handed out; after a fault, images are looked at and not yielded."""
    for image in part.images:
        try:
            jpeg, oriented = original_jpeg(image.source, refuse_oriented=part.refuse_oriented)
            if part.decode:
                decode_to_size(jpeg, _CHECKED_PX, file=image.source)
            data = jpeg if part.image_format == "jpeg" else _dicom(jpeg, image, part.record.parent)
        except ImageError as error:
            faults += [(fault.rule, fault.remedy, image.source.name) for fault in error.faults]
            continue
        if faults:
            continue
        header = parse_header(jpeg)
        yield (
            WrittenImage(
                image_name=image.image_name,
                path=f"{part.folder}/{image.image_name}{_SUFFIXES[part.image_format]}",
                sha256=hashlib.sha256(data).hexdigest(),
                n_bytes=len(data),
                width_px=header.width_px,
                height_px=header.height_px,
                oriented=oriented,
            ),
            data,
        )


def original_jpeg(file: Path, *, refuse_oriented: bool) -> tuple[bytes, bool]:
    """Give the JPEG of an image file without its metadata, and whether EXIF asked to turn it.

    A DICOM file gives the JPEG inside. Raises :class:`ImageError` for a picture that is no JPEG,
    as it could only be released by encoding it again, and for one that asks to be turned when
    ``refuse_oriented``.
    """
    data = read_image_bytes(file)
    header = parse_header(data, file=file)
    if header.format == "dicom":
        picture = read_dicom_picture(data, file=file)
        data = picture if isinstance(picture, bytes) else b""
        header = parse_header(data, file=file) if data else header
    if header.format != "jpeg":
        raise ImageError.of(
            "An image is no JPEG, and a release hands out original JPEG bytes, never encoded anew.",
            "Put the original JPEG in its place, or leave the image out.",
            file=file,
        )
    oriented = header.orientation != 1
    if oriented and refuse_oriented:
        raise ImageError.of(
            "EXIF asks for an image to be turned, and EXIF is not released: programs that turn it"
            " would show another picture than before.",
            "Turn it without loss (jpegtran -rotate), or set `images.orientation` to"
            ' "stored": Cygnet itself never turns an image.',
            file=file,
        )
    return without_metadata(data, file=file), oriented


def _dicom(jpeg: bytes, image: PartImage, folder: Path) -> bytes:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".dicom-") as made:
        path = Path(made) / f"{image.image_name}.dcm"
        write_dermoscopic_dicom(
            path,
            jpeg,
            image_name=image.image_name,
            patient_id=image.patient_id,
            sex=image.sex,
            age_years=image.age_years,
            site=image.site,
            lesion_id=image.lesion_id,
            laterality=image.laterality,
        )
        return path.read_bytes()
