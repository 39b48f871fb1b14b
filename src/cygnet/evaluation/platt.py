"""Which straight line on the logit scale turns a model's logits into probabilities?

Fitted only on images that the line is not applied to; the caller sees to that.
"""

import numpy as np
from numpy.typing import ArrayLike

from cygnet.evaluation.sample import Floats

_MAX_STEPS = 100
_SHORTEST_STEP = 1e-10
_TOLERANCE = 1e-10


def platt_line(
    target: ArrayLike, logit: ArrayLike, weights: ArrayLike | None = None
) -> tuple[float, float]:
    """Fit ``(slope, intercept)`` of P(target = 1) = sigmoid(slope * logit + intercept).

    ``target`` is ``(n,)`` of 0 and 1, ``logit`` ``(n,)`` finite, ``weights`` ``(n,)`` sampling
    weights. Platt's smoothed targets keep the fit finite when the classes are separable: a
    positive counts as (n1 + 1) / (n1 + 2), a negative as 1 / (n0 + 2). A slope that would turn the
    ranking around is refused: it is 0 then, and the intercept alone is fitted. With one class
    there is nothing to fit and the line is (1, 0).

    Source: Platt (1999), Probabilistic outputs for support vector machines, in Advances in Large
    Margin Classifiers; smoothed targets as in Lin, Lin and Weng (2007),
    10.1007/s10994-007-5018-6. Solved by Newton's method with halved steps.

    >>> slope, intercept = platt_line([0, 0, 1, 1], [-2.0, 0.5, -0.5, 2.0])
    >>> slope > 0, abs(intercept) < 1e-9
    (True, True)
    """
    positive = np.asarray(target) == 1
    logits = np.asarray(logit, np.float64)
    weight = np.ones(len(logits)) if weights is None else np.asarray(weights, np.float64)
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if n_positive == 0 or n_negative == 0:
        return 1.0, 0.0
    wanted = np.where(positive, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    design = np.column_stack([logits, np.ones(len(logits))])
    slope, intercept = _minimised(design, wanted, weight)
    if slope <= 0:
        return 0.0, float(_minimised(design[:, 1:], wanted, weight)[0])
    return float(slope), float(intercept)


def _minimised(design: Floats, wanted: Floats, weight: Floats) -> Floats:
    """Minimise the weighted log loss over the columns of ``design``."""
    line = np.zeros(design.shape[1])
    loss = _log_loss(design @ line, wanted, weight)
    for _ in range(_MAX_STEPS):
        probability = 0.5 * (1 + np.tanh(design @ line / 2))
        gradient = design.T @ (weight * (probability - wanted))
        curvature = weight * probability * (1 - probability)
        hessian = (design * curvature[:, None]).T @ design + 1e-12 * np.eye(len(line))
        direction = np.linalg.solve(hessian, gradient)
        length = 1.0
        tried = line - direction
        while (tried_loss := _log_loss(design @ tried, wanted, weight)) > loss:
            length /= 2
            if length < _SHORTEST_STEP:
                return line
            tried = line - length * direction
        improvement = loss - tried_loss
        line, loss = tried, tried_loss
        if improvement <= _TOLERANCE * (1 + abs(loss)):
            break
    return line


def _log_loss(scaled: Floats, wanted: Floats, weight: Floats) -> float:
    return float(np.sum(weight * (np.logaddexp(0, scaled) - wanted * scaled)))
