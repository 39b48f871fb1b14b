"""Which straight line on the logit scale would make the probabilities right? In every replicate.

Logistic regression of the target on the logit of the probability, with Newton's method. Replicates
share a fine grid of logits, so that a replicate costs a few hundred terms, not every image.
"""

import numpy as np

from cygnet.evaluation.sample import Floats, Sample, sum_in_table

CLIP_EPSILON = 1e-6

# With cubic weights the error of a replicate falls with the fourth power of this step, in units of
# the fitted logit: at 0.1 it stays below 1e-4 of a standard error.
_GRID_STEP = 0.1
_MIN_NODES, _MAX_NODES = 16, 4000
_TABLE_NUMBERS = 40_000_000
_ITERATIONS = 40
# Newton's method squares its error: after a step this small it is that of rounding.
_TOLERANCE = 1e-8
_LONGEST_STEP = 4.0
_STEEPEST = 1e6


def clipped_logit(probability: Floats, epsilon: float = CLIP_EPSILON) -> Floats:
    """Give the logit of probabilities, clipped to ``epsilon`` and 1 - ``epsilon`` before."""
    clipped = np.clip(probability, epsilon, 1 - epsilon)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def is_separable(logits: Floats, sample: Sample) -> bool:
    """Say whether some logit parts the classes, so that no finite slope is best."""
    above, below = logits[sample.target], logits[~sample.target]
    return bool(above.min() >= below.max() or above.max() <= below.min())


def expit(values: Floats) -> Floats:
    """Give 1 / (1 + exp(-x)), without overflow for either sign."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)))


def _newton(
    nodes: Floats, weights: Floats, sums: Floats, start: Floats, *, fixed_slope: bool
) -> Floats:
    """Solve the score equations of each row: intercepts and slopes, ``(n_rows, 2)``.

    ``weights`` ``(n_rows, n_nodes)`` stand at ``nodes``; ``sums`` ``(n_rows, 2)`` are the weighted
    sums of the target and of target times node. Rows that do not converge are NaN.
    """
    current = np.broadcast_to(start, (len(weights), 2)).copy()
    powers = 0 if fixed_slope else 1
    # With the slope held, a row is one exponential, not one a node.
    falling = np.exp(-start[1] * nodes)
    active = np.arange(len(weights))
    for iteration in range(_ITERATIONS):
        # All rows begin at the same line, so that its means are those of each.
        lines = current[active] if iteration else current[:1]
        if fixed_slope:
            mean = 1 / (1 + np.exp(-lines[:, :1]) * falling)
        else:
            mean = expit(lines[:, :1] + lines[:, 1:] * nodes)
        held = weights[active]
        first = held * mean
        second = first * (1 - mean)
        score = sums[active, : powers + 1] - _moments(first, nodes, powers)
        curvature = _moments(second, nodes, 2 * powers)
        step = _newton_step(score, curvature, fixed_slope=fixed_slope)
        step[~np.isfinite(step).all(axis=1)] = np.nan
        length = np.abs(step).max(axis=1, keepdims=True)
        step *= _LONGEST_STEP / np.maximum(length, _LONGEST_STEP)
        current[active] += step
        moving = ~(length[:, 0] <= _TOLERANCE * (1 + np.abs(current[active]).max(axis=1)))
        moving &= np.isfinite(current[active]).all(axis=1)
        active = active[moving]
        if not active.size:
            break
    current[active] = np.nan
    current[~(np.abs(current[:, 1]) < _STEEPEST)] = np.nan
    return current


def _moments(weights: Floats, nodes: Floats, highest: int) -> Floats:
    """Sum weights times powers of the nodes, from the zeroth on: ``(n_rows, highest + 1)``."""
    # Plain einsum: threads of a BLAS would cost more to wake than these short sums take.
    return np.stack(
        [np.einsum("rn,n->r", weights, nodes**power) for power in range(highest + 1)], axis=1
    )


def _newton_step(score: Floats, curvature: Floats, *, fixed_slope: bool) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        if fixed_slope:
            intercept = score[:, 0] / curvature[:, 0]
            return np.stack([intercept, np.zeros_like(intercept)], axis=1)
        determinant = curvature[:, 0] * curvature[:, 2] - curvature[:, 1] ** 2
        intercept = curvature[:, 2] * score[:, 0] - curvature[:, 1] * score[:, 1]
        slope = curvature[:, 0] * score[:, 1] - curvature[:, 1] * score[:, 0]
        return np.stack([intercept, slope], axis=1) / determinant[:, None]


class Recalibration:
    """The line fitted to a sample that has both classes, and to any drawing of its patients.

    ``slope`` and ``intercept`` (the latter with the slope held at 1) are the sample's own, from
    every image; NaN where they do not exist.
    """

    def __init__(self, sample: Sample) -> None:
        logits = clipped_logit(sample.probability)
        self._centre = float(np.average(logits, weights=sample.weights))
        # In units of their own spread, so that squeezed probabilities are no harder to fit.
        self._spread = float(np.std(logits)) or 1.0
        centred = (logits - self._centre) / self._spread
        hits = np.where(sample.target, sample.weights, 0.0)
        sums = np.array([[hits.sum(), hits @ centred]])
        weights = sample.weights[None, :]
        flat = np.array([np.log(hits.sum() / (sample.weights.sum() - hits.sum())), 0.0])
        held = np.array([self._centre, self._spread])
        self._held = _newton(centred, weights, sums, held, fixed_slope=True)[0]
        self._fitted = np.full(2, np.nan)
        if not is_separable(logits, sample):
            self._fitted = _newton(centred, weights, sums, flat, fixed_slope=False)[0]
        self.slope = float(self._fitted[1]) / self._spread
        self.intercept = float(self._held[0]) - self._centre
        self._sums = np.stack(
            [sample.sum_by_patient(hits), sample.sum_by_patient(hits * centred)], axis=1
        )
        self._benign = sample.sum_by_patient(np.where(sample.target, 0.0, sample.weights))
        self._nodes, self._at_nodes = self._grid(sample, centred)

    def _grid(self, sample: Sample, centred: Floats) -> tuple[Floats, Floats]:
        """Spread each image over the four nearest nodes so that cubic functions sum exactly."""
        low, high = float(centred.min()), float(centred.max())
        steepness = np.nanmax([self._spread, abs(self._fitted[1])])
        wanted = np.ceil((high - low) * steepness / _GRID_STEP)
        most = max(_MIN_NODES, min(_MAX_NODES, _TABLE_NUMBERS // sample.n_patients))
        n_cells = int(np.clip(wanted, _MIN_NODES, most))
        width = (high - low) / n_cells if high > low else 1.0
        nodes = low + width * (np.arange(n_cells + 3) - 1)
        place = (centred - low) / width
        cell = np.clip(np.floor(place), 0, n_cells - 1).astype(np.intp)
        t = place - cell
        shares = (
            -t * (t - 1) * (t - 2) / 6,
            (t + 1) * (t - 1) * (t - 2) / 2,
            -(t + 1) * t * (t - 2) / 2,
            (t + 1) * t * (t - 1) / 6,
        )
        shape = sample.n_patients, nodes.size
        table = np.zeros(shape)
        for offset, share in enumerate(shares):
            table += sum_in_table(sample.patient, cell + offset, share * sample.weights, shape)
        return np.asarray(nodes), table

    def replicates(self, multiplicity: Floats) -> tuple[Floats, Floats]:
        """Give intercept and slope of each replicate; NaN where a replicate has none."""
        weights = multiplicity @ self._at_nodes
        sums = multiplicity @ self._sums
        defined = (sums[:, 0] > 0) & (multiplicity @ self._benign > 0)
        intercept = np.full(len(multiplicity), np.nan)
        slope = intercept.copy()
        if np.isfinite(self._held).all():
            solved = _newton(
                self._nodes, weights[defined], sums[defined], self._held, fixed_slope=True
            )
            intercept[defined] = solved[:, 0] - self._centre
        if np.isfinite(self.slope):
            solved = _newton(
                self._nodes, weights[defined], sums[defined], self._fitted, fixed_slope=False
            )
            slope[defined] = solved[:, 1] / self._spread
        return intercept, slope
