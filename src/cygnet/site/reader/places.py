"""Where on the body is a lesion? A few dozen places on a front and a back, each of a body site.

Left and right are the patient's own.
"""

from dataclasses import dataclass
from typing import Final, Literal

from cygnet.site.reader.phrases import marked

View = Literal["front", "back"]
Side = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Place:
    """One place: its key, what it is called, its body site, its code, and where it is drawn.

    ``x`` and ``y`` are in the units of the drawing of its ``view``, 200 wide and 440 high.
    """

    key: str
    label: str
    site: str
    concept: str
    view: View
    x: float
    y: float
    side: Side | None = None


def _pair(
    key: str, labels: tuple[str, str], site: str, concept: str, view: View, out: float, y: float
) -> tuple[Place, Place]:
    """Make the left and the right of a place that lies ``out`` from the middle line."""
    right_of_drawing: Side = "left" if view == "front" else "right"
    left_of_drawing: Side = "right" if view == "front" else "left"
    found = {
        right_of_drawing: 100 + out,
        left_of_drawing: 100 - out,
    }
    left, right = labels
    return (
        Place(f"{view}-{key}-left", left, site, concept, view, found["left"], y, "left"),
        Place(f"{view}-{key}-right", right, site, concept, view, found["right"], y, "right"),
    )


_HEAD, _TORSO, _UPPER, _LOWER = "head/neck", "torso", "upper extremity", "lower extremity"
_PALMS, _ORAL = "palms/soles", "oral/genital"
PLACES: Final[tuple[Place, ...]] = (
    Place("front-scalp", marked("Scalp, front"), _HEAD, "Scalp", "front", 100, 12),
    Place("front-face", marked("Face"), _HEAD, "Face", "front", 100, 34),
    Place("front-mouth", marked("Mouth"), _ORAL, "Mouth", "front", 100, 54),
    Place("front-neck", marked("Neck, front"), _HEAD, "Neck", "front", 100, 76),
    *_pair("chest", (marked("Chest, left"), marked("Chest, right")),
           _TORSO, "Chest", "front", 24, 118),
    *_pair("abdomen", (marked("Abdomen, left"), marked("Abdomen, right")),
           _TORSO, "Abdomen", "front", 20, 168),
    Place("front-genital", marked("Genital"), _ORAL, "Genital", "front", 100, 218),
    *_pair("upper-arm", (marked("Left upper arm, front"), marked("Right upper arm, front")),
           _UPPER, "Upper arm", "front", 57, 134),
    *_pair("forearm", (marked("Left forearm, front"), marked("Right forearm, front")),
           _UPPER, "Forearm", "front", 70, 188),
    *_pair("palm", (marked("Left palm"), marked("Right palm")), _PALMS, "Hand", "front", 80, 240),
    *_pair("thigh", (marked("Left thigh, front"), marked("Right thigh, front")),
           _LOWER, "Thigh", "front", 24, 268),
    *_pair("lower-leg", (marked("Left lower leg, front"), marked("Right lower leg, front")),
           _LOWER, "Lower leg", "front", 22, 358),
    *_pair("foot", (marked("Left foot, top"), marked("Right foot, top")),
           _LOWER, "Foot", "front", 26, 422),
    Place("back-scalp", marked("Scalp, back"), _HEAD, "Scalp", "back", 100, 24),
    Place("back-neck", marked("Neck, back"), _HEAD, "Neck", "back", 100, 76),
    *_pair("upper-back", (marked("Upper back, left"), marked("Upper back, right")),
           _TORSO, "Back", "back", 24, 118),
    *_pair("lower-back", (marked("Lower back, left"), marked("Lower back, right")),
           _TORSO, "Back", "back", 20, 170),
    *_pair("buttock", (marked("Left buttock"), marked("Right buttock")),
           _TORSO, "Buttock", "back", 22, 216),
    *_pair("upper-arm", (marked("Left upper arm, back"), marked("Right upper arm, back")),
           _UPPER, "Upper arm", "back", 57, 134),
    *_pair("forearm", (marked("Left forearm, back"), marked("Right forearm, back")),
           _UPPER, "Forearm", "back", 70, 188),
    *_pair("hand", (marked("Left hand, back"), marked("Right hand, back")),
           _UPPER, "Hand", "back", 80, 240),
    *_pair("thigh", (marked("Left thigh, back"), marked("Right thigh, back")),
           _LOWER, "Thigh", "back", 24, 268),
    *_pair("calf", (marked("Left calf"), marked("Right calf")),
           _LOWER, "Lower leg", "back", 22, 346),
    *_pair("sole", (marked("Left sole"), marked("Right sole")), _PALMS, "Foot", "back", 26, 422),
)  # fmt: skip
PLACE_BY_KEY: Final = {one.key: one for one in PLACES}


def site_of(place: str | None, told: str | None = None) -> str | None:
    """Give the body site of a place, or the one that was ``told`` where no place is known."""
    return PLACE_BY_KEY[place].site if place in PLACE_BY_KEY else told
