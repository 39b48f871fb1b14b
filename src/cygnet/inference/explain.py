"""Where in the picture does a model's logit come from? Its exact map, and a picture of it.

The map is a sum, not a guess: its places and its bias add up to the logit that the image was given.
What it shows is how this network arrived at its number, never where a melanoma is.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cygnet.errors import CygnetError
from cygnet.images.decode import Pixels, decode_to_size
from cygnet.inference.model import Model, Patient

SHOWN_PX = 512
# Okabe and Ito's orange and blue, which the colour-blind tell apart and grey prints keep apart.
RAISES_RGB, LOWERS_RGB = (230, 159, 0), (0, 114, 178)
_STRONGEST = 0.75
_TOLERANCE = 1e-3

Grid = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What each place of an image added to its calibrated logit, averaged over the folds.

    ``places`` ``(h, w)`` summed, plus ``bias``, plus ``patient`` (what age, sex and site added), is
    ``logit``; ``by_fold`` are the folds' own maps ``(folds, h, w)``; ``probability`` is the mean of
    the folds' probabilities; ``fold_correlation`` is the mean rank correlation of two folds' maps,
    NaN with one fold.
    """

    places: Grid
    bias: float
    patient: float
    logit: float
    probability: float
    by_fold: Grid
    fold_correlation: float

    def as_json(self) -> dict[str, Any]:
        """Give the numbers; no pixel."""
        return {
            "probability": self.probability,
            "logit": self.logit,
            "bias": self.bias,
            "patient": self.patient,
            "map": self.places.tolist(),
            "maps_by_fold": self.by_fold.tolist(),
            "fold_rank_correlation": finite_or_none(self.fold_correlation),
        }


def finite_or_none(value: float) -> float | None:
    """Give ``None`` for what is no number: JSON has none."""
    return float(value) if np.isfinite(value) else None


def explain(model: Model, data: bytes, patient: Patient | None = None) -> Explanation:
    """Explain one image file's bytes; one view, upright.

    Raises :class:`~cygnet.errors.ImageError` for an image that cannot be decoded and
    :class:`~cygnet.errors.ModelError` for a model without maps.
    """
    pixels = decode_to_size(data, model.size_px, model.geometry)
    maps = model.maps(pixels[None], None if patient is None else [patient])
    slope, intercept = model.slope, model.intercept
    by_fold = maps.map[0].astype(np.float64) * slope[:, None, None]
    image_logit = maps.image_logit[0] * slope + intercept
    bias = maps.bias[0] * slope + intercept
    apart = np.abs(by_fold.sum((1, 2)) + bias - image_logit)
    if (apart > _TOLERANCE * (1 + np.abs(image_logit))).any():
        raise CygnetError(f"A map does not add up to its logit: {apart.max():.2g} is missing.")
    logit = maps.logit[0] * slope + intercept
    return Explanation(
        places=by_fold.mean(axis=0),
        bias=float(bias.mean()),
        patient=float((logit - image_logit).mean()),
        logit=float(logit.mean()),
        probability=float(model.calibrated(maps.logit)[0].mean()),
        by_fold=by_fold,
        fold_correlation=_fold_correlation(by_fold),
    )


def _fold_correlation(by_fold: Grid) -> float:
    pairs = [
        rank_correlation(by_fold[a], by_fold[b])
        for a in range(len(by_fold))
        for b in range(a + 1, len(by_fold))
    ]
    return float(np.mean(pairs)) if pairs else float("nan")


def rank_correlation(one: Grid, other: Grid) -> float:
    """Give Spearman's correlation of two maps' places; NaN where one is the same everywhere.

    >>> rank_correlation(np.array([[1.0, 2.0, 9.0]]), np.array([[0.1, 0.2, 0.3]]))
    1.0
    """
    ranks = np.stack([np.argsort(np.argsort(grid.ravel())) for grid in (one, other)])
    if min(np.ptp(one), np.ptp(other)) == 0 or one.size < 2:
        return float("nan")
    return float(round(np.atleast_2d(np.corrcoef(ranks))[0, 1], 12))


def heat_map(model: Model, data: bytes, explanation: Explanation) -> Pixels:
    """Draw the map over the lesion in grey, ``(512, 512, 3)``: orange raises, blue lowers.

    Strength is each place's share of the strongest place, so pictures of two images do not compare.
    """
    shown = decode_to_size(data, SHOWN_PX, model.geometry)
    grey = cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY)[:, :, None].astype(np.float32)
    places = explanation.places.astype(np.float32)
    strength = cv2.resize(places, (SHOWN_PX, SHOWN_PX), interpolation=cv2.INTER_CUBIC)
    strength = np.clip(strength / max(float(np.abs(places).max()), 1e-12), -1, 1)[:, :, None]
    colour = np.where(strength > 0, np.array(RAISES_RGB), np.array(LOWERS_RGB))
    opacity = np.abs(strength) * _STRONGEST
    return np.asarray(grey * (1 - opacity) + colour * opacity).round().astype(np.uint8)


def encoded_png(pixels: Pixels) -> bytes:
    """Encode RGB pixels as PNG."""
    done, stream = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    if not done:
        raise CygnetError("OpenCV could not encode a picture.")
    return stream.tobytes()
