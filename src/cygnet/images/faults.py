"""What can be wrong with one image? Each fault has a stable code, a sentence and a remedy.

A fault of level ``error`` stops the image from being used; a ``warning`` or a ``note`` is told and
the image is used. The codes are part of the contract: reports and audits count by them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from cygnet.errors import Fault, ImageError, Offender

Level = Literal["error", "warning", "note"]

# No dermoscope comes near this (24 million is usual for the largest), and a picture of this size
# still decodes in the memory of a small machine.
MAX_PIXELS = 89_000_000
MIN_SIDE_PX = 16


@dataclass(frozen=True, slots=True)
class FaultKind:
    """The level of a code, the sentence that states it, and the remedy."""

    level: Level
    sentence: str
    remedy: str


_REPLACE = "Fetch or export it again, or leave it out."

FAULT_KINDS: dict[str, FaultKind] = {
    "image-missing": FaultKind("error", "The file is not there", "Add it, or leave it out."),
    "image-denied": FaultKind(
        "error", "The file may not be read", "Give yourself the permission to read it."
    ),
    "image-empty": FaultKind("error", "The file is empty", _REPLACE),
    "image-truncated": FaultKind("error", "The file ends before its picture does", _REPLACE),
    "image-unreadable": FaultKind("error", "The file is damaged, or is no picture", _REPLACE),
    "image-unsupported": FaultKind(
        "error",
        "This kind of picture is not read",
        "Convert it to an 8-bit RGB JPEG or PNG, or leave it out.",
    ),
    "image-too-large": FaultKind(
        "error",
        f"The header announces more than {MAX_PIXELS // 1_000_000} million pixels, so it was not "
        "decoded",
        "Check where the file comes from; scale it down, or leave it out.",
    ),
    "image-tiny": FaultKind(
        "error",
        f"A side is shorter than {MIN_SIDE_PX} px: no lesion can be seen",
        "Use the original picture, or leave it out.",
    ),
    "image-cmyk": FaultKind(
        "error",
        "The colours are print colours (CMYK), which have no certain counterpart in RGB",
        "Export it again as RGB from the original, or leave it out.",
    ),
    "image-white-level": FaultKind(
        "error",
        "More than 8 bits a channel are announced, and only the lowest eighth of the scale is used:"
        " the white level is not certain",
        "Convert it to 8 bits with the software that made it, or leave it out.",
    ),
    "image-transparent": FaultKind(
        "error",
        "Parts of the picture are transparent, and what should stand there is not known",
        "Save it without transparency, or leave it out.",
    ),
    "image-frames": FaultKind(
        "error",
        "The file holds more than one picture",
        "Save each picture as a file of its own, or leave it out.",
    ),
    "image-wrong-format": FaultKind(
        "warning",
        "The name says another format than the contents",
        "It is read by its contents; rename it so that other software reads it too.",
    ),
    "image-grey": FaultKind(
        "warning",
        "The picture has no colour",
        "It is used with grey as red, green and blue; use the colour original if there is one.",
    ),
    "image-16-bit": FaultKind(
        "note",
        "The picture has more than 8 bits a channel",
        "It is scaled to 8, full scale to 255; nothing need be done.",
    ),
    "image-alpha": FaultKind(
        "note",
        "The picture has an opaque alpha channel",
        "The channel is left out; nothing need be done.",
    ),
    "image-oriented": FaultKind(
        "note",
        "An EXIF tag asks for the picture to be turned",
        "It is used as stored, as every picture is; nothing need be done.",
    ),
}


@dataclass(frozen=True, slots=True)
class ImageFault(Fault):
    """A :class:`~cygnet.errors.Fault` of one image, with its stable ``code``."""

    code: str = "image-unreadable"

    @property
    def level(self) -> Level:
        """``"error"``, ``"warning"`` or ``"note"``."""
        return FAULT_KINDS[self.code].level


def image_fault(code: str, *, file: Path | None = None, value: str | None = None) -> ImageFault:
    """Build the fault of ``code``; ``value`` is what was met, where the sentence leaves it open."""
    kind = FAULT_KINDS[code]
    offenders = () if value is None else (Offender(value),)
    rule = f"{kind.sentence} ({code})."
    return ImageFault(rule, kind.remedy, file, offenders, len(offenders), code)


def image_error(code: str, *, file: Path | None = None, value: str | None = None) -> ImageError:
    """Build the error that carries :func:`image_fault` alone."""
    return ImageError(image_fault(code, file=file, value=value))


def fault_code(error: ImageError) -> str:
    """Give the stable code of an error that this room raised for one image."""
    return cast("ImageFault", error.faults[0]).code


def read_image_bytes(path: Path) -> bytes:
    """Read a whole image file.

    Raises :class:`~cygnet.errors.ImageError` when it is missing, may not be read, or is empty.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise image_error("image-missing", file=path) from error
    except PermissionError as error:
        raise image_error("image-denied", file=path) from error
    except OSError as error:
        raise image_error("image-unreadable", file=path, value=str(error.strerror)) from error
    if not data:
        raise image_error("image-empty", file=path)
    return data
