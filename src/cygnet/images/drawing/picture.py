"""How do skin, lesion and view become one picture? By what light is left after pigment and blood.

Melanin and blood each take away light by the Beer-Lambert law, with rough absorptions for red,
green and blue; veil and scar lay scattered light over it. That alone makes tan, brown, black, pink
and blue-grey fall where a dermatologist expects them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from cygnet.images.drawing.appearance import LesionAppearance, View
from cygnet.images.drawing.artefacts import add_obstacles, light_of
from cygnet.images.drawing.field import Floats, soften
from cygnet.images.drawing.lesion import lesion_layers
from cygnet.images.drawing.skin import skin_layers

_BARE = np.array([0.96, 0.90, 0.86], np.float32)
_SKIN_MELANIN = np.array([0.36, 0.62, 1.05], np.float32)
_COLD_MELANIN = np.array([0.46, 0.66, 0.92], np.float32)
_WARM_MELANIN = np.array([0.30, 0.66, 1.30], np.float32)
_BLOOD = np.array([0.10, 0.78, 0.52], np.float32)
_VEIL = np.array([0.43, 0.50, 0.62], np.float32)
_SCAR = np.array([0.95, 0.88, 0.86], np.float32)
_STRAY_LIGHT = np.float32(0.035)


def draw_lesion(
    appearance: LesionAppearance, *, width_px: int, height_px: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Draw one dermoscopic view: ``(height_px, width_px, 3)`` RGB, uint8.

    ``rng`` draws what differs from one view of a lesion to the next (hair, light, grain); the
    lesion and the skin come from the seeds in ``appearance``. The same appearance, size and state
    of ``rng`` give the same picture.
    """
    view, shape = appearance.view, (height_px, width_px)
    melanin, blood, relief = skin_layers(appearance.skin, shape, view.field_mm)
    layers = _placed(appearance, shape)
    warmth = np.float32(appearance.lesion.warmth)
    lesion_melanin = _COLD_MELANIN + warmth * (_WARM_MELANIN - _COLD_MELANIN)
    blood += layers[1]
    picture = np.empty((3, *shape), np.float32)
    for channel in range(3):
        taken = melanin * _SKIN_MELANIN[channel]
        taken += layers[0] * lesion_melanin[channel]
        taken += blood * _BLOOD[channel]
        light = np.exp(-taken) * (_BARE[channel] - _STRAY_LIGHT) + _STRAY_LIGHT
        for layer, colour in ((layers[2], _VEIL), (layers[3], _SCAR)):
            light += layer * (colour[channel] - light)
        picture[channel] = light * relief
    if view.moved != (0.0, 0.0, 0.0):
        picture = _moved(picture, view.moved)
    add_obstacles(picture, view, rng)
    return _photographed(picture, view, rng)


def _placed(appearance: LesionAppearance, shape: tuple[int, int]) -> Floats:
    """Turn the lesion's own frame and set it in the picture."""
    view, (height, width) = appearance.view, shape
    scale = max(shape) / view.field_mm
    frame = lesion_layers(appearance.lesion, scale)
    middle = frame.shape[0] / 2 - 0.5
    turn = np.deg2rad(view.turn_degrees)
    cosine, sine = np.cos(turn), np.sin(turn)
    flip = -1.0 if view.mirrored else 1.0
    x0 = width / 2 - 0.5 + view.offset[0] * max(shape)
    y0 = height / 2 - 0.5 + view.offset[1] * max(shape)
    turned = np.array([[cosine * flip, -sine], [sine * flip, cosine]])
    shift = np.array([x0, y0]) - turned @ np.array([middle, middle])
    placed = cv2.warpAffine(frame, np.column_stack([turned, shift]), (width, height))
    return np.stack([np.asarray(layer, np.float32) for layer in cv2.split(placed)])


def _moved(picture: Floats, moved: tuple[float, float, float]) -> Floats:
    """Move skin and lesion together, as between two photographs."""
    height, width = picture.shape[1:]
    place = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), moved[2], 1.0)
    place[:, 2] += np.array(moved[:2]) * max(height, width)
    planes = [
        cv2.warpAffine(plane, place, (width, height), borderMode=cv2.BORDER_REFLECT_101)
        for plane in picture
    ]
    return np.asarray(np.stack(planes), np.float32)


def _photographed(picture: Floats, view: View, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Let the lens, the light and the sensor have their part."""
    shape = (picture.shape[1], picture.shape[2])
    sigma = view.blur_mm * max(shape) / view.field_mm
    light = light_of(view, shape, rng) * np.float32(255 * view.exposure)
    grain = np.float32(255 * view.grain) * rng.standard_normal(shape, dtype=np.float32)
    planes = []
    for plane, gain in zip(picture, view.gain, strict=True):
        shaped = soften(plane, sigma) * light
        shaped *= np.float32(gain)
        shaped += grain
        # Film and sensors bend before they clip: highlights keep their drawing.
        shaped -= np.float32(0.5) * np.maximum(shaped - 225, 0)
        planes.append(np.rint(np.clip(shaped, 0, 255, out=shaped), out=shaped).astype(np.uint8))
    return np.asarray(cv2.merge(planes), np.uint8)
