"""What is a drawn picture made of? The skin, the lesion on it, and the view through the dermoscope.

Numbers are amounts of what an eye sees (pigment, blood, length in millimetres), not diagnoses. An
amount runs from 0 (none) to about 1 (plain to see) where nothing else is said.
"""

from dataclasses import dataclass, field
from typing import Literal

Ruler = Literal["none", "edge", "loose"]
Light = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Skin:
    """One patient's skin around a lesion.

    ``melanin`` is 0 for the palest skin, about 1.5 for dark brown; ``blood`` is 0.1 for pale to 0.6
    for flushed. ``seed`` fixes where blotches, lines and vessels lie.
    """

    seed: int
    melanin: float = 0.12
    blood: float = 0.25
    mottle: float = 0.3
    lines: float = 0.4
    vessels: float = 0.2
    freckles: float = 0.2


@dataclass(frozen=True, slots=True)
class LesionForm:
    """One lesion, in its own frame.

    ``pigment`` is the optical depth of melanin (0.3 faint tan, 1 brown, 3 nearly black), ``warmth``
    its hue (0 grey brown, 1 orange brown), ``blood`` the redness added. ``centre`` is darker
    (positive) or paler (negative) than the rim. ``network`` and ``globules`` are the share of each
    pattern and ``mesh_mm`` its pitch; without them the lesion is structureless. ``seed`` fixes the
    shape, so that the same lesion can be seen twice.
    """

    seed: int
    diameter_mm: float = 4.5
    elongation: float = 1.2
    irregularity: float = 0.2
    softness_mm: float = 0.35
    asymmetry: float = 0.1
    pigment: float = 1.0
    warmth: float = 0.6
    blood: float = 0.1
    centre: float = 0.0
    network: float = 0.5
    globules: float = 0.0
    mesh_mm: float = 0.34
    disorder: float = 0.2
    variegation: float = 0.1
    blotches: float = 0.0
    veil: float = 0.0
    regression: float = 0.0
    streaks: float = 0.0
    cysts: float = 0.0
    fissures: float = 0.0


@dataclass(frozen=True, slots=True)
class View:
    """One look at the lesion: where it lies in the picture, the light, and what gets in the way.

    ``field_mm`` is the length of skin along the picture's longer side. ``offset`` is the lesion's
    place as a share of that side from the middle. ``gain`` is the colour of the light and of the
    camera's white. ``vignette`` darkens the corners; a ``circle`` above 0 is the radius of a round
    window, as a share of half the longer side. ``moved`` is how the camera was moved since the
    picture that this one repeats: right and down as shares of the longer side, and a turn in
    degrees.
    """

    field_mm: float = 16.0
    offset: tuple[float, float] = (0.0, 0.0)
    turn_degrees: float = 0.0
    mirrored: bool = False
    moved: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gain: Light = (1.0, 1.0, 1.0)
    exposure: float = 1.0
    tilt: float = 0.1
    vignette: float = 0.1
    circle: float = 0.0
    ruler: Ruler = "none"
    hairs: int = 0
    hair_mm: float = 6.0
    hair_darkness: float = 0.8
    bubbles: int = 0
    glints: int = 0
    ink: int = 0
    blur_mm: float = 0.03
    grain: float = 0.012


@dataclass(frozen=True, slots=True)
class LesionAppearance:
    """All that is needed to draw one picture, but for what changes from one view to the next."""

    lesion: LesionForm
    skin: Skin
    view: View = field(default_factory=View)
