"""How are several models' scores made into one? Rank mean, logit mean, and stacking out of fold.

Only stacking learns from labels, so only it can flatter itself: the weights for a fold's images are
fitted on the other folds alone, and how strongly they are shrunk is chosen inside those.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import rankdata

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

STRENGTHS = (0.01, 0.1, 1.0, 10.0)
_EDGE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Stacker:
    """A logistic regression on the models' logits: weights ``(n_models,)``, never below 0."""

    weights: Floats
    intercept: float
    strength: float

    def __call__(self, logits: Floats) -> Floats:
        """Give probabilities of ``(n_images, n_models)`` logits."""
        return np.asarray(expit(logits @ self.weights + self.intercept))


def logits_of(probabilities: Mapping[str, Floats]) -> Floats:
    """Give ``(n_images, n_models)`` logits, probabilities kept a millionth off 0 and 1."""
    return np.stack(
        [logit(np.clip(one, _EDGE, 1 - _EDGE)) for one in probabilities.values()], axis=1
    )


def rank_mean(probabilities: Mapping[str, Floats], folds: Codes) -> Floats:
    """Give the mean over the models of ranks within each fold, as shares of the fold.

    A fold's own model gave its images' scores, so ranks are taken fold by fold; no label is used.
    """
    made = np.zeros(len(folds))
    for fold in np.unique(folds):
        inside = folds == fold
        n = inside.sum()
        ranks = [(rankdata(one[inside]) - 0.5) / n for one in probabilities.values()]
        made[inside] = np.mean(ranks, axis=0)
    return made


def logit_mean(probabilities: Mapping[str, Floats]) -> Floats:
    """Give the probability of the mean logit."""
    return np.asarray(expit(logits_of(probabilities).mean(axis=1)))


def fit_stacker(logits: Floats, target: Codes, strength: float) -> Stacker:
    """Fit non-negative weights that are shrunk towards the plain mean of the logits.

    Minimises the mean log loss plus ``strength`` / n times the squared distance of the weights from
    1 / n_models, so that little data ends at the logit mean.
    """
    from scipy.optimize import minimize

    n_images, n_models = logits.shape
    start = np.full(n_models, 1 / n_models)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights, intercept = parameters[:-1], parameters[-1]
        score = logits @ weights + intercept
        value = np.logaddexp(0, score) - target * score
        error = expit(score) - target
        apart = weights - start
        gradient = np.append(
            logits.T @ error / n_images + 2 * strength / n_images * apart, error.mean()
        )
        return float(value.mean() + strength / n_images * (apart**2).sum()), gradient

    found = minimize(
        loss,
        np.append(start, 0.0),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * n_models + [(None, None)],
    )
    return Stacker(found.x[:-1], float(found.x[-1]), strength)


def choose_stacker(logits: Floats, target: Codes, folds: Codes) -> Stacker:
    """Fit with the strength of least log loss over ``folds`` left out one at a time."""
    inner = np.unique(folds)
    if len(inner) < 2:
        return fit_stacker(logits, target, STRENGTHS[-1])
    losses = [_inner_loss(logits, target, folds, inner.tolist(), one) for one in STRENGTHS]
    return fit_stacker(logits, target, STRENGTHS[int(np.argmin(losses))])


def _inner_loss(
    logits: Floats, target: Codes, folds: Codes, inner: Sequence[int], strength: float
) -> float:
    total = 0.0
    for fold in inner:
        inside = folds == fold
        fitted = fit_stacker(logits[~inside], target[~inside], strength)
        score = logits[inside] @ fitted.weights + fitted.intercept
        total += float((np.logaddexp(0, score) - target[inside] * score).sum())
    return total


def stacked(
    probabilities: Mapping[str, Floats], target: Codes, folds: Codes
) -> tuple[Floats, dict[int, Stacker]]:
    """Give each image's probability by a stacker that was fitted on the other folds alone."""
    logits = logits_of(probabilities)
    made = np.zeros(len(target))
    stackers = {}
    for fold in np.unique(folds).tolist():
        inside = folds == fold
        stackers[fold] = choose_stacker(logits[~inside], target[~inside], folds[~inside])
        made[inside] = stackers[fold](logits[inside])
    return made, stackers
