"""Through which dermoscope is a lesion of the twin seen? Light, field, ruler and hair of a view.

Each original size stands for a kind of camera, and so for a room: its white, its field, its habits.
The colours were chosen by eye to resemble what the rooms of ISIC 2020 look like side by side.
"""

from dataclasses import dataclass, replace

import numpy as np

from cygnet.images.drawing import View


@dataclass(frozen=True, slots=True)
class Person:
    """What a patient brings to every picture, besides nevi."""

    melanin: float
    blood: float
    mottle: float
    freckles: float
    hairiness: float
    hair_darkness: float
    warmth: float
    age_years: float


@dataclass(frozen=True, slots=True)
class CameraLook:
    """One kind of camera: ``field_mm``, the ``gain`` of its white, and how often it shows what."""

    field_mm: float
    gain: tuple[float, float, float]
    exposure: float = 1.0
    edge_ruler: float = 0.0
    loose_ruler: float = 0.0
    circle: float = 0.0
    bubbles: float = 0.06
    glints: float = 0.0
    ink: float = 0.03
    vignette: float = 0.12
    blur_mm: float = 0.02


CAMERA_LOOKS = {
    "6000x4000": CameraLook(17.0, (1.03, 1.0, 0.99), 1.06, edge_ruler=0.55, ink=0.02),
    "1872x1053": CameraLook(11.5, (1.0, 0.80, 0.83), 0.9, vignette=0.2, blur_mm=0.035),
    "640x480": CameraLook(12.5, (1.03, 1.02, 0.9), 1.05, bubbles=0.12, blur_mm=0.035),
    "5184x3456": CameraLook(
        18.0, (1.03, 0.99, 0.97), 0.98, edge_ruler=0.15, loose_ruler=0.3, circle=0.2
    ),
    "3264x2448": CameraLook(
        14.5, (1.0, 1.0, 1.04), 0.98, circle=0.35, glints=0.2, ink=0.1, vignette=0.3
    ),
    "4288x2848": CameraLook(16.0, (0.98, 0.985, 1.07), 0.95, edge_ruler=0.4, loose_ruler=0.2),
    "2592x1936": CameraLook(
        14.0, (1.01, 1.0, 0.97), 0.98, circle=0.35, glints=0.25, ink=0.08, vignette=0.3
    ),
    "square": CameraLook(13.0, (1.0, 1.0, 1.0), 1.0, circle=1.0, bubbles=0.1),
    "other": CameraLook(18.0, (0.99, 1.0, 1.02), 0.93, loose_ruler=0.4, circle=0.3),
}

_HAIRY_SITES = {"head/neck": 1.3, "torso": 1.0, "lower extremity": 1.1, "upper extremity": 0.9}


def draw_view(
    look: CameraLook,
    person: Person,
    *,
    site: str | None,
    diameter_mm: float,
    first: np.random.Generator,
    again: np.random.Generator | None,
) -> View:
    """Draw the first look at a lesion, and with ``again`` a second one a little different."""
    view = _first_view(look, person, site, diameter_mm, first)
    if again is None:
        return view
    rng = again
    return replace(
        view,
        moved=(float(rng.normal(0, 0.03)), float(rng.normal(0, 0.03)), float(rng.normal(0, 9))),
        exposure=view.exposure * float(np.exp(rng.normal(0, 0.06))),
        gain=(view.gain[0], view.gain[1] * float(np.exp(rng.normal(0, 0.02))), view.gain[2]),
        bubbles=int(rng.poisson(5)) if rng.random() < 0.2 else 0,
        glints=0,
        ink=0,
    )


def _first_view(
    look: CameraLook, person: Person, site: str | None, diameter_mm: float, rng: np.random.Generator
) -> View:
    warm = 0.035 * person.warmth + rng.normal(0, 0.02)
    gain = (
        look.gain[0] * float(np.exp(0.3 * warm)),
        look.gain[1] * float(np.exp(rng.normal(0, 0.015))),
        look.gain[2] * float(np.exp(-warm)),
    )
    # A lesion that would not fit is seen from further away.
    field_mm = max(look.field_mm * float(np.exp(rng.normal(0, 0.12))), 1.25 * diameter_mm)
    ruler_luck, circle_luck = rng.random(), rng.random()
    extras = rng.random(3) < (look.bubbles, look.glints, look.ink)
    counts = (int(rng.poisson(6)) + 1, int(rng.integers(1, 4)), int(rng.integers(1, 7)))
    hairs = person.hairiness * _HAIRY_SITES.get(site or "", 0.1) * rng.gamma(0.8, 6.0)
    gray = max(0.0, (person.age_years - 60) / 40) * rng.random()
    edge = look.edge_ruler
    return View(
        field_mm=field_mm,
        offset=(float(rng.normal(0, 0.045)), float(rng.normal(0, 0.035))),
        turn_degrees=float(rng.uniform(0, 360)),
        mirrored=bool(rng.random() < 0.5),
        gain=gain,
        exposure=look.exposure * float(np.exp(rng.normal(0, 0.05))),
        tilt=float(abs(rng.normal(0, 0.06))),
        vignette=look.vignette * float(rng.uniform(0.4, 1.6)),
        circle=float(rng.uniform(0.97, 1.12)) if circle_luck < look.circle else 0.0,
        ruler="edge"
        if ruler_luck < edge
        else "loose"
        if ruler_luck < edge + look.loose_ruler
        else "none",
        hairs=min(int(rng.poisson(hairs)), 70),
        hair_mm=float(rng.choice([1.0, 5.0, 8.0], p=[0.2, 0.4, 0.4])),
        hair_darkness=float(np.clip(person.hair_darkness - gray, 0.05, 1)),
        bubbles=counts[0] * bool(extras[0]),
        glints=counts[1] * bool(extras[1]),
        ink=counts[2] * bool(extras[2]),
        blur_mm=look.blur_mm * float(rng.lognormal(0, 0.4)),
        grain=0.009,
    )
