"""What must be known of a picture before any number is believed? Told before the number.

Some cautions stand beside the number; others, where the picture is of a kind that the model's
evaluation did not hold, stand in its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cygnet.images.quality import PixelFacts, pixel_facts
from cygnet.images.skin_seen import SkinSeen, skin_seen
from cygnet.site.reader.phrases import marked, say

_SMALLEST_PX = 64
_SIDE_PX = 256

WITHHELD = frozenset({"no-lesion", "unlike", "grey", "ycbcr", "mostly-black", "tiny", "skin-tone"})
_SENTENCES: Mapping[str, tuple[str, str]] = {
    "no-lesion": (
        marked("This does not look like a dermoscopic picture of skin"),
        marked("Take a dermoscopic picture of the lesion."),
    ),
    "unlike": (
        marked(
            "This picture is unlike all that the model was evaluated on: another camera, or not"
            " a lesion"
        ),
        marked("Look at the lesion itself; the model has no evidence for it."),
    ),
    "grey": (
        marked("The picture has no colour"),
        marked("Use the colour original."),
    ),
    "ycbcr": (
        marked(
            "The colours are not those of skin: luma and chroma stand where red, green and blue"
            " should"
        ),
        marked("Export the picture again as RGB."),
    ),
    "mostly-black": (
        marked("Most of the picture is black"),
        marked("Take it again with more light, or cut it to the field of view."),
    ),
    "tiny": (
        marked("The picture is smaller than 64 px: hardly anything of a lesion can be seen"),
        marked("Use the original picture."),
    ),
    "skin-tone": (
        marked("The skin is of a tone that the model's evaluation hardly held"),
        marked("Look at the lesion itself; the model has no evidence for it."),
    ),
    "blurred": (
        marked("The picture is blurred"),
        marked("Take it again, in focus."),
    ),
    "dark": (
        marked("The picture is dark"),
        marked("Take it again with more light."),
    ),
    "glare": (
        marked("Parts of the picture are blown out by light"),
        marked("Take it again with polarised light, or with gel."),
    ),
    "hair": (
        marked("Hair covers part of the picture"),
        marked("Part or clip the hair and take it again."),
    ),
    "small": (
        marked("The picture has fewer pixels than the model looks at"),
        marked("Use the original picture."),
    ),
    "trained-on": (
        marked("The model was trained on a picture of this name: its number flatters the model"),
        marked("Judge the model by pictures that it has not seen."),
    ),
}
# In this order they are told: what stands in place of a number first.
_ORDER = tuple(_SENTENCES)


@dataclass(frozen=True, slots=True)
class Caution:
    """One thing to know before the number; ``withholds`` it where the model has no evidence."""

    code: str
    text: str
    remedy: str

    @property
    def withholds(self) -> bool:
        """Whether it stands in place of the number."""
        return self.code in WITHHELD


def caution(code: str) -> Caution:
    """Give the caution of ``code`` in words."""
    text, remedy = _SENTENCES[code]
    return Caution(code, f"{say(text)}.", say(remedy))


@dataclass(frozen=True, slots=True)
class Held:
    """What the model's evaluation held: its range of skin tones, and its own size in pixels."""

    size_px: int
    ita_degrees: tuple[float, float] | None = None

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> "Held":
        """Take it from a model's description, whatever of it is there."""
        evidence = description.get("evidence")
        skin = evidence.get("skin") if isinstance(evidence, dict) else None
        try:
            low, high = (float(one) for one in skin["ita_degrees"]) if skin else (np.nan, np.nan)
        except (KeyError, TypeError, ValueError):
            low, high = np.nan, np.nan
        known = np.isfinite(low) and np.isfinite(high)
        return cls(int(description["size_px"]), (low, high) if known else None)


def cautions_of(
    shown: NDArray[np.uint8],
    size_px: tuple[int, int],
    held: Held,
    *,
    unlike: bool = False,
    trained_on: bool = False,
) -> tuple[Caution, ...]:
    """Look at a picture, ``(height, width, 3)``, whose file is ``size_px`` wide and high.

    ``unlike`` is the model's own word that the picture is out of its distribution.
    """
    smallest = min(size_px)
    found = {"tiny": smallest < _SMALLEST_PX, "small": smallest < held.size_px}
    if min(shown.shape[:2]) >= _SMALLEST_PX:
        found |= _by_pixels(pixel_facts(shown), skin_seen(shown), held)
    found |= {"unlike": unlike, "trained-on": trained_on}
    if found["tiny"]:
        found["small"] = False
    return tuple(caution(code) for code in _ORDER if found.get(code))


def _by_pixels(facts: PixelFacts, skin: SkinSeen, held: Held) -> dict[str, bool]:
    black = facts.is_mostly_black
    grey = facts.is_grey and not black
    ycbcr = facts.is_ycbcr_as_rgb and not grey
    no_lesion = skin.is_no_skin and not (black or grey or ycbcr)
    tone = False
    if held.ita_degrees is not None and np.isfinite(skin.ita_degrees) and not (no_lesion or ycbcr):
        low, high = held.ita_degrees
        tone = not low <= skin.ita_degrees <= high
    return {
        "mostly-black": black,
        "grey": grey,
        "ycbcr": ycbcr,
        "no-lesion": no_lesion,
        "skin-tone": tone,
        "blurred": facts.is_blurred and not black,
        "dark": skin.is_dark and not black,
        "glare": skin.is_glaring,
        "hair": skin.is_hairy,
    }
