"""What does the lesion itself look like? Its outline, its pattern, and what breaks them.

A lesion is drawn upright in a square frame of its own; :mod:`cygnet.images.drawing.picture` turns
and places it. The four layers are amounts: melanin, blood, veil and scar.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from cygnet.images.drawing.appearance import LesionForm
from cygnet.images.drawing.field import Floats, fractal, honeycomb, noise, soften, step

# Half the frame's side in lesion radii: lobes, pseudopods and the fading rim must fit.
_REACH = 1.9


@dataclass(slots=True)
class _Frame:
    """A lesion's own square: coordinates in mm, polar ones, and how many cells a mm makes."""

    x: Floats
    y: Floats
    radius: Floats
    angle: Floats
    side_mm: float
    rng: np.random.Generator

    def fractal(self, size_mm: float, octaves: int = 3, gain: float = 0.55) -> Floats:
        cells = self.side_mm / size_mm
        return fractal(self.rng, self.shape, (cells, cells), octaves=octaves, gain=gain)

    def noise(self, size_mm: float) -> Floats:
        cells = self.side_mm / size_mm
        return noise(self.rng, self.shape, (cells, cells))

    @property
    def shape(self) -> tuple[int, int]:
        return self.x.shape[0], self.x.shape[1]


def lesion_layers(lesion: LesionForm, px_per_mm: float) -> Floats:
    """Draw the lesion at ``px_per_mm``: ``(side, side, 4)`` of melanin, blood, veil and scar."""
    frame = _frame(lesion, px_per_mm)
    inside = _inside(lesion, frame)
    fade = np.float32(lesion.softness_mm) * np.exp(
        np.float32(0.4) * frame.noise(0.4 * lesion.diameter_mm)
    )
    body = step(inside / fade, -1.0, 1.4)
    melanin = _tone(lesion, frame, inside) * _texture(lesion, frame, inside)
    blood = np.float32(lesion.blood) * _blush(lesion, frame, inside)
    melanin *= body
    veil, scar = _veil(lesion, frame, inside), _scar(lesion, frame, inside)
    melanin *= 1 - np.float32(0.8) * scar
    melanin += np.float32(0.45 * lesion.pigment) * veil * body
    if lesion.cysts > 0 or lesion.fissures > 0:
        melanin, scar = _keratin(lesion, frame, melanin, scar, body)
    return np.asarray(cv2.merge([melanin, blood, veil, scar]), np.float32)


def _frame(lesion: LesionForm, px_per_mm: float) -> _Frame:
    half = 0.5 * lesion.diameter_mm * _REACH + lesion.softness_mm
    side = max(8, int(np.ceil(2 * half * px_per_mm)))
    axis = (np.arange(side, dtype=np.float32) + np.float32(0.5)) * np.float32(
        2 * half / side
    ) - np.float32(half)
    x, y = np.meshgrid(axis, axis)
    stretch = np.float32(lesion.elongation**0.5)
    magnitude, angle = cv2.cartToPolar(x / stretch, y * stretch)
    return _Frame(
        x,
        y,
        np.asarray(magnitude, np.float32),
        np.asarray(angle, np.float32),
        2 * half,
        np.random.default_rng(lesion.seed),
    )


def _inside(lesion: LesionForm, frame: _Frame) -> Floats:
    """Measure how many millimetres a point lies within the outline (negative: outside)."""
    rng, radius = frame.rng, 0.5 * lesion.diameter_mm
    outline = np.full(frame.shape, 1.0, np.float32)
    for lobes in range(2, 8):
        spread = (0.02 + 0.15 * lesion.irregularity) / lobes**0.6
        phase, size = rng.uniform(0, 2 * np.pi), rng.normal(0, spread)
        outline += np.float32(size) * np.cos(np.float32(lobes) * frame.angle + np.float32(phase))
    heading = rng.uniform(0, 2 * np.pi)
    outline *= 1 + np.float32(0.22 * lesion.asymmetry) * np.cos(frame.angle - np.float32(heading))
    ragged = frame.fractal(0.28 * lesion.diameter_mm, octaves=4, gain=0.6)
    outline += np.float32(0.02 + 0.25 * lesion.irregularity) * ragged
    spikes = rng.integers(16, 26)
    sector = step(np.cos(frame.angle - np.float32(rng.uniform(0, 2 * np.pi))), -0.3, 0.5)
    wobble = np.float32(1.8) * frame.noise(0.3 * lesion.diameter_mm)
    comb = np.cos(np.float32(spikes) * frame.angle + wobble) * np.abs(
        np.sin(wobble + np.float32(0.5))
    )
    outline += np.float32(0.16 * lesion.streaks) * sector * comb
    return np.float32(radius) * outline - frame.radius


def _tone(lesion: LesionForm, frame: _Frame, inside: Floats) -> Floats:
    """Spread the pigment over the lesion: centre against rim, one side against the other."""
    rng, radius = frame.rng, 0.5 * lesion.diameter_mm
    away = frame.radius * np.float32(1 / radius)
    middle = np.exp(-np.square(away) * np.float32(2.2))
    tone = 1 + np.float32(lesion.centre) * (middle - np.float32(0.35))
    heading = rng.uniform(0, 2 * np.pi)
    cosine, sine = np.float32(np.cos(heading) / radius), np.float32(np.sin(heading) / radius)
    side = np.asarray(frame.x * cosine + frame.y * sine, np.float32)
    tone *= 1 + np.float32(0.55 * lesion.asymmetry) * np.tanh(np.float32(1.6) * side)
    patches = frame.fractal(0.42 * lesion.diameter_mm, octaves=3)
    tone *= np.exp(np.float32(0.12 + 0.6 * lesion.variegation) * patches)
    dark = frame.fractal(0.36 * lesion.diameter_mm, octaves=2) + np.float32(0.5) * side
    blotch = step(np.asarray(dark, np.float32), 0.75, 1.25) * step(inside, 0.0, 0.25 * radius)
    tone += np.float32(1.5 * lesion.blotches) * blotch
    return np.asarray(lesion.pigment * np.maximum(tone, 0.12), np.float32)


def _texture(lesion: LesionForm, frame: _Frame, inside: Floats) -> Floats:
    """Lay network, globules and grain over the tone, as a factor about 1."""
    pitch = lesion.mesh_mm
    drift = np.float32(pitch * (0.34 + 0.6 * lesion.disorder))
    lattice = honeycomb(
        frame.x + drift * frame.noise(1.5 * pitch),
        frame.y + drift * frame.noise(1.5 * pitch),
        pitch,
    )
    uneven = frame.fractal(3.5 * pitch, octaves=2)
    lines = step(lattice + np.float32(0.13 + 0.25 * lesion.disorder) * uneven, 0.75, -0.45)
    beads = step(lattice + np.float32(0.15 + 0.2 * lesion.disorder) * uneven, 0.0, 0.7)
    # A network is seldom seen all over: it comes and goes in patches.
    shown = step(frame.fractal(0.35 * lesion.diameter_mm), -1.1, 0.7)
    grain = frame.fractal(0.7, octaves=4, gain=0.85)
    texture = np.exp((np.float32(0.19) + np.float32(0.14 * lesion.disorder)) * grain)
    # The mean of lines is about 0.5, of beads 0.3: the pattern moves pigment, it adds none.
    texture *= 1 + np.float32(1.0 * lesion.network) * shown * (lines - np.float32(0.5))
    texture *= 1 + np.float32(1.1 * lesion.globules) * shown * (beads - np.float32(0.32))
    rim = step(inside, 0.3 * lesion.diameter_mm, 0.0)
    comb = np.cos(np.float32(22) * frame.angle + np.float32(0.8) * frame.noise(0.9))
    texture *= 1 + np.float32(0.5 * lesion.streaks) * rim * comb
    return np.asarray(np.maximum(texture, 0.08), np.float32)


def _blush(lesion: LesionForm, frame: _Frame, inside: Floats) -> Floats:
    wide = step(inside, -0.3 * lesion.diameter_mm - lesion.softness_mm, 0.1 * lesion.diameter_mm)
    patches = frame.fractal(0.5 * lesion.diameter_mm, octaves=3)
    uneven = 1 + np.float32(0.25 + 0.5 * lesion.variegation) * patches
    return np.asarray(np.square(wide) * np.maximum(uneven, 0.1), np.float32)


def _veil(lesion: LesionForm, frame: _Frame, inside: Floats) -> Floats:
    """Lay a blue-white film over part of the lesion."""
    where = frame.fractal(0.6 * lesion.diameter_mm, octaves=4, gain=0.45)
    amount = min(lesion.veil, 1.0)
    if amount <= 0:
        return np.zeros(frame.shape, np.float32)
    share = step(where, 0.6 - 1.2 * amount, 2.1 - 0.9 * amount)
    within = step(inside, -0.02 * lesion.diameter_mm, 0.25 * lesion.diameter_mm)
    film = np.float32((0.36 + 0.4 * amount) * (0.5 + 0.5 * min(1.0, lesion.pigment)))
    return film * share * within


def _scar(lesion: LesionForm, frame: _Frame, inside: Floats) -> Floats:
    """Let pigment regress: it is gone, and a pale scar is in its place."""
    where = frame.fractal(0.5 * lesion.diameter_mm, octaves=4, gain=0.6)
    amount = min(lesion.regression, 1.0)
    if amount <= 0:
        return np.zeros(frame.shape, np.float32)
    share = step(where, 0.7 - 0.8 * amount, 2.0 - 0.7 * amount)
    return np.float32(0.4 + 0.3 * amount) * share * step(inside, 0.0, 0.15 * lesion.diameter_mm)


def _keratin(
    lesion: LesionForm, frame: _Frame, melanin: Floats, scar: Floats, body: Floats
) -> tuple[Floats, Floats]:
    """Add keratin: cysts shine like milia, openings and the furrows between ridges are dark."""
    cysts = _dots(frame, round(45 * lesion.cysts), 0.035 * lesion.diameter_mm**0.5) * body
    openings = _dots(frame, round(18 * lesion.fissures), 0.05 * lesion.diameter_mm**0.5) * body
    folds = step(np.abs(frame.fractal(1.0, octaves=2, gain=0.35)), 0.3, 0.02) * body
    melanin = melanin * (1 - np.float32(0.6) * cysts)
    darker = np.float32(1.2) * openings + np.float32(0.45 * lesion.fissures) * folds
    melanin += np.float32(lesion.pigment**0.5) * darker
    return melanin, np.maximum(scar, np.float32(0.65) * cysts)


def _dots(frame: _Frame, count: int, radius_mm: float) -> Floats:
    """Strew ``count`` soft round dots over the frame."""
    canvas = np.zeros(frame.shape, np.uint8)
    scale = frame.shape[0] / frame.side_mm
    for _ in range(count):
        place = frame.rng.random(2) * frame.shape[0] * 16
        radius = radius_mm * scale * float(frame.rng.lognormal(0, 0.4)) * 16
        strength = int(frame.rng.integers(120, 255))
        centre = (int(place[0]), int(place[1]))
        cv2.circle(canvas, centre, int(max(radius, 10)), strength, -1, cv2.LINE_AA, 4)
    return soften(canvas.astype(np.float32) * np.float32(1 / 255), 0.35 * radius_mm * scale)
