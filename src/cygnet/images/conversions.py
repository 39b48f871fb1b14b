"""What was done to stored numbers on their way to RGB of 8 bits? A record, so that none is silent.

Decoding adds a :class:`Conversion` for each thing that it did or left undone, where it is asked to.
Reduction to the size that was asked for is no conversion.
"""

from dataclasses import dataclass
from typing import Final

CONVERSIONS: Final[dict[str, str]] = {
    "ycbcr-to-rgb": "luma and chroma were converted to red, green and blue (BT.601, full range)",
    "label-overruled": "the pixels' own coding says another colour space than the attribute",
    "bits-to-8": "more than 8 bits a channel were scaled to 8, full scale to 255",
    "palette-to-rgb": "entries of a palette were looked up",
    "grey-to-rgb": "grey stands in red, green and blue alike",
    "inverted": "the lowest stored value means white (MONOCHROME1)",
    "alpha-left-out": "an opaque alpha channel was left out",
    "orientation-left": "an EXIF tag asks for turning; the stored grid is used",
    "profile-left": "an ICC profile is there; the numbers are used as stored",
    "window-left": "a display window is there; full scale is used",
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """One thing done, or left undone, by its stable ``code``; ``detail`` says more, if known."""

    code: str
    detail: str = ""

    def __str__(self) -> str:
        return CONVERSIONS[self.code] + (f" ({self.detail})" if self.detail else "")


class Record:
    """A list of conversions that forgets all where nobody asked for it."""

    def __init__(self, kept: list[Conversion] | None) -> None:
        self._kept = kept

    @property
    def is_kept(self) -> bool:
        """Whether anybody will read it."""
        return self._kept is not None

    def add(self, code: str, detail: str = "") -> None:
        """Add the conversion ``code``; each stands once."""
        conversion = Conversion(code, detail)
        if self._kept is not None and conversion not in self._kept:
            self._kept.append(conversion)
