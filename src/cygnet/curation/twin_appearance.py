"""How does each lesion of the synthetic twin look? Here a label becomes colours and shapes.

A lesion is a point in a space of standard normal traits. A share of each nevus, the signature
strength, is its patient's own; a melanoma is a nevus of its patient moved along the traits that
dermoscopy watches (asymmetry, border, colours, structures) and, in pattern and hue, cut loose from
its patient. However strong the signature, the spread over all nevi is the same: what one image
tells does not change with it, only what the patient's other images add.
"""

from dataclasses import dataclass, replace

import numpy as np

from cygnet.curation.twin_view import CAMERA_LOOKS, Person, draw_view
from cygnet.images.drawing import LesionAppearance, LesionForm, Skin

Traits = dict[str, float]

# What melanomas have more of, in standard deviations among nevi, where the sign is present.
_SIGNS = {
    "diameter": 1.2,
    "irregularity": 2.0,
    "asymmetry": 2.1,
    "pigment": 1.1,
    "disorder": 1.4,
    "variegation": 2.1,
    "blotches": 2.1,
    "veil": 2.5,
    "regression": 2.1,
    "streaks": 1.8,
    "blood": 0.7,
}
_SIGN_PRESENT = 0.65
# Traits that go together: some people's nevi are all a little atypical.
_ATYPIA = ("diameter", "irregularity", "asymmetry", "disorder", "variegation", "blotches")
_ATYPIA_SHARED = 0.6
# What a melanoma takes from no nevus of its patient; alone it tells nothing.
_PATTERN = ("network", "globules", "centre", "warmth", "mesh", "elongation", "softness")
_TRAITS = (*_SIGNS, *_PATTERN)
# Size varies more within a patient than colour and pattern do.
_OWN_SHARE = {"diameter": 0.75, "elongation": 0.4}

_PATIENT, _LESION, _VIEW = 10, 11, 12


@dataclass(frozen=True, slots=True)
class Traitline:
    """How strongly the twin's pictures speak.

    ``signature_strength`` is the share of a nevus that is its patient's own, 0 to 1: at 0 a
    patient's other lesions tell nothing. ``melanoma_conspicuity`` is how far melanomas stand
    from nevi: at 0 they look the same.
    """

    signature_strength: float = 0.8
    melanoma_conspicuity: float = 1.0


@dataclass(frozen=True, slots=True)
class Sitter:
    """What the table says of one image, as far as its picture depends on it; ids as numbers."""

    image: int
    patient: int
    lesion: int
    diagnosis: str
    camera: str
    age_years: float | None
    male: bool
    site: str | None
    retaken: bool = False


def appearance_of(sitter: Sitter, seed: int, traitline: Traitline) -> LesionAppearance:
    """Describe one picture. Nothing but ``sitter``, ``seed`` and ``traitline`` enters."""
    patient_rng = stream(seed, _PATIENT, sitter.patient)
    person = _person(sitter, patient_rng)
    signature = _traits(patient_rng)
    lesion_rng = stream(seed, _LESION, sitter.lesion)
    form = _form(sitter, signature, traitline, lesion_rng)
    skin = _skin(sitter, person, lesion_rng)
    view = draw_view(
        CAMERA_LOOKS[sitter.camera],
        person,
        site=sitter.site,
        diameter_mm=form.diameter_mm,
        first=lesion_rng,
        again=stream(seed, _VIEW, sitter.image) if sitter.retaken else None,
    )
    return LesionAppearance(form, skin, view)


def stream(seed: int, *key: int) -> np.random.Generator:
    """Give the generator of one thing, the same whatever else is drawn and by whom."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _person(sitter: Sitter, rng: np.random.Generator) -> Person:
    return Person(
        melanin=float(0.02 + rng.gamma(1.3, 0.06)),
        blood=float(np.clip(rng.normal(0.16, 0.06), 0.04, 0.36)),
        mottle=float(np.clip(rng.normal(0.75, 0.35), 0.15, 1.6)),
        freckles=float(np.clip(rng.normal(-0.05, 0.3), 0, 0.9)),
        hairiness=float(rng.gamma(0.7, 1.0) * (1.5 if sitter.male else 0.6)),
        hair_darkness=float(np.clip(rng.normal(0.8, 0.2), 0.1, 1.0)),
        warmth=float(rng.normal(0, 1)),
        age_years=sitter.age_years if sitter.age_years is not None else 50.0,
    )


def _traits(rng: np.random.Generator) -> Traits:
    """Draw one point: standard normal in each trait, atypical traits going together."""
    shared = rng.standard_normal()
    own = rng.standard_normal(len(_TRAITS))
    return {
        name: float(
            np.sqrt(_ATYPIA_SHARED) * shared + np.sqrt(1 - _ATYPIA_SHARED) * value
            if name in _ATYPIA
            else value
        )
        for name, value in zip(_TRAITS, own, strict=True)
    }


def _form(
    sitter: Sitter, signature: Traits, traitline: Traitline, rng: np.random.Generator
) -> LesionForm:
    own, loose = _traits(rng), _traits(rng)
    present = rng.random(len(_SIGNS)) < _SIGN_PRESENT
    plain = rng.lognormal(0, 0.3, len(_SIGNS))
    pale = rng.random() < 0.1
    shape_seed = int(rng.integers(2**62))
    traits = {}
    for name in _TRAITS:
        share = traitline.signature_strength * _OWN_SHARE.get(name, 1.0)
        traits[name] = np.sqrt(share) * signature[name] + np.sqrt(1 - share) * own[name]
    if sitter.diagnosis == "melanoma":
        strength = traitline.melanoma_conspicuity
        cut = min(1.0, strength)
        for name in _PATTERN:
            traits[name] = np.sqrt(1 - cut**2) * traits[name] + cut * loose[name]
        for index, (name, shift) in enumerate(_SIGNS.items()):
            traits[name] += strength * shift * float(present[index] * plain[index])
        if pale:
            traits["pigment"] -= 3.3 * strength
            traits["blood"] += 2.2 * strength
    form = _shaped(traits, shape_seed)
    return _other_kind(sitter, form, rng)


def _shaped(traits: Traits, seed: int) -> LesionForm:
    """Turn traits into amounts; each runs the same way as its trait."""
    return LesionForm(
        seed=seed,
        diameter_mm=float(np.clip(4.3 * np.exp(0.3 * traits["diameter"]), 1.6, 13)),
        elongation=1.05 + 0.22 * float(np.exp(0.5 * traits["elongation"])),
        irregularity=_share(-1.4 + 1.4 * traits["irregularity"]),
        softness_mm=0.48 * float(np.exp(0.5 * traits["softness"])),
        asymmetry=_share(-1.5 + 1.5 * traits["asymmetry"]),
        pigment=0.75 * float(np.exp(0.55 * np.clip(traits["pigment"], -2.2, 2.8))),
        warmth=float(np.clip(0.72 + 0.26 * traits["warmth"], 0, 1.1)),
        blood=min(0.4, 0.07 * float(np.exp(0.7 * traits["blood"]))),
        centre=float(np.clip(0.4 * traits["centre"], -0.9, 1.2)),
        network=_share(0.3 + 2.0 * traits["network"]),
        globules=_share(-1.4 + 2.0 * traits["globules"]),
        mesh_mm=0.31 * float(np.exp(0.16 * traits["mesh"])),
        disorder=_share(-1.0 + 1.4 * traits["disorder"]),
        variegation=_share(-1.5 + 1.5 * traits["variegation"]),
        blotches=float(np.clip(0.5 * (traits["blotches"] - 0.6), 0, 1.2)),
        veil=float(np.clip(0.4 * (traits["veil"] - 1.5), 0, 1.0)),
        regression=float(np.clip(0.36 * (traits["regression"] - 1.5), 0, 1.0)),
        streaks=float(np.clip(0.4 * (traits["streaks"] - 1.5), 0, 1.0)),
    )


def _other_kind(sitter: Sitter, form: LesionForm, rng: np.random.Generator) -> LesionForm:
    """Draw keratoses and lentigines in their own manner; unknown is now and then one of them."""
    luck, amount, size = rng.random(), rng.uniform(0.4, 1.0), rng.lognormal(0, 0.25)
    kind = sitter.diagnosis
    if kind == "unknown" and sitter.age_years is not None and sitter.age_years > 45:
        kind = {0: "seborrheic keratosis", 1: "solar lentigo"}.get(int(luck * 30), kind)
    if kind in ("seborrheic keratosis", "lichenoid keratosis"):
        return replace(
            form,
            diameter_mm=min(11.0, 6.0 * size),
            irregularity=0.3,
            softness_mm=0.14,
            network=0.05,
            globules=0.1,
            warmth=float(0.35 + 0.5 * luck),
            cysts=amount,
            fissures=amount if kind == "seborrheic keratosis" else 0.25,
            regression=0.0 if kind == "seborrheic keratosis" else 0.45,
        )
    if kind in ("lentigo NOS", "solar lentigo", "cafe-au-lait macule"):
        return replace(
            form,
            diameter_mm=min(12.0, 6.5 * size),
            pigment=0.45 * amount,
            irregularity=0.6,
            softness_mm=0.16,
            network=0.45 * amount,
            globules=0.0,
            blotches=0.0,
            variegation=0.15,
        )
    return form


def _skin(sitter: Sitter, person: Person, rng: np.random.Generator) -> Skin:
    """Describe the skin about a lesion: it differs from place to place, with sun and years."""
    sun = max(0.0, person.age_years - 35) / 50
    exposed = {"head/neck": 1.6, "upper extremity": 1.2, "torso": 1.0}.get(sitter.site or "", 0.8)
    sole = sitter.site == "palms/soles"
    return Skin(
        seed=int(rng.integers(2**62)),
        melanin=person.melanin * float(np.exp(rng.normal(0, 0.15))) * (0.6 if sole else 1.0),
        blood=person.blood * float(np.exp(rng.normal(0, 0.2))) * (1.25 if exposed > 1.5 else 1.0),
        mottle=person.mottle * (0.8 + 0.5 * sun * exposed),
        lines=float(np.clip(rng.normal(1.4 if sole else 0.5, 0.25), 0.05, 2)),
        vessels=float(np.clip(rng.normal(0.6 * sun * exposed - 0.15, 0.2), 0, 1)),
        freckles=float(np.clip(person.freckles + 0.35 * (sun * exposed - 0.4), 0, 0.9)),
    )


def picture_stream(seed: int, image: int) -> np.random.Generator:
    """Give the generator that draws what is new in this picture: hair, bubbles, grain."""
    return stream(seed, _VIEW, image, 1)


def _share(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
