"""How much of a Brier score is bad calibration, how much is telling apart, and how much is fate?

The CORP decomposition: probabilities are recalibrated by isotonic regression, without bins. Blocks
of it end at malignant scores only, so that replicates need no sort. Refuses NaN.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cygnet.evaluation.calibration import squared_error
from cygnet.evaluation.estimate import ratio
from cygnet.evaluation.operating_points import Counts, OperatingPoints
from cygnet.evaluation.sample import Codes, Floats, as_one_patient


class BrierParts(NamedTuple):
    """Brier score = ``miscalibration`` - ``discrimination`` + ``uncertainty``."""

    miscalibration: float
    discrimination: float
    uncertainty: float


def brier_decomposition(
    target: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None
) -> BrierParts:
    r"""Part the Brier score into miscalibration, discrimination and uncertainty.

    .. math:: \bar S = (\bar S - \bar S_C) - (\bar S_R - \bar S_C) + \bar S_R

    with :math:`\bar S_C` the score of the probabilities recalibrated by isotonic regression on
    these images and :math:`\bar S_R` that of the prevalence given to all. Less miscalibration is
    better (0: none), more discrimination is better (0: none; at most the uncertainty); uncertainty
    belongs to the images. Tied images are recalibrated alike; ``weights`` count an image as so
    many. With one class uncertainty and discrimination are 0. NaN without images. Arrays and errors
    as in :func:`brier_score`.

    Dimitriadis, Gneiting and Jordan (2021), 10.1073/pnas.2016191118.

    >>> parts = brier_decomposition([1, 0, 1, 0], [0.8, 0.6, 0.4, 0.2])  # recalibrated: 1 .5 .5 0
    >>> [round(part, 12) for part in parts]  # 0.2 - 0.125, 0.25 - 0.125, 0.25
    [0.075, 0.125, 0.25]
    """
    sample = as_one_patient(target, probability, weights)
    if not sample.n_images:
        return BrierParts(math.nan, math.nan, math.nan)
    score = np.array([np.average(squared_error(sample), weights=sample.weights)])
    if not sample.has_both_classes:
        return BrierParts(float(score[0]), 0.0, 0.0)
    counts = OperatingPoints(sample).counts(np.ones((1, 1)))
    return BrierParts(*(float(part[0]) for part in brier_parts_of(counts, score)))


def brier_parts_of(counts: Counts, brier: Floats) -> tuple[Floats, Floats, Floats]:
    """Part the Brier score ``(n_replicates,)`` of each replicate; as in :class:`BrierParts`."""
    total = counts.malignant + counts.benign
    recalibrated = ratio(_recalibrated_loss(counts), total)
    uncertainty = ratio(counts.malignant * counts.benign, total**2)
    # Rounding must not make a part negative that cannot be.
    return (
        np.maximum(brier - recalibrated, 0.0),
        np.maximum(uncertainty - recalibrated, 0.0),
        uncertainty,
    )


def _recalibrated_loss(counts: Counts) -> Floats:
    """Sum the squared errors after isotonic regression in each replicate."""
    n_rows, n_levels = counts.found.shape
    # Benign images above the first malignant score, between two, and below the last stand in even
    # columns; the malignant images of a score, with the benign ones tied with it, in odd ones.
    hits = np.zeros((n_rows, 2 * n_levels + 1))
    misses = np.zeros_like(hits)
    hits[:, 1::2] = counts.newly_found
    misses[:, 1::2] = counts.tied
    misses[:, 0:-1:2] = counts.false_alarms - counts.tied
    misses[:, 2:-1:2] -= counts.false_alarms[:, :-1]
    misses[:, -1] = counts.benign - counts.false_alarms[:, -1]
    np.maximum(misses, 0.0, out=misses)
    there = np.flatnonzero(hits + misses)
    row = there // hits.shape[1]
    blocks = pooled(row, hits.ravel()[there], misses.ravel()[there])
    loss = blocks.hits * blocks.misses / (blocks.hits + blocks.misses)
    return np.asarray(np.bincount(blocks.row, loss, minlength=n_rows), dtype=np.float64)


class Blocks(NamedTuple):
    """What :func:`pooled` leaves, ``(n_left,)`` each.

    ``row`` is the row of a block, ``hits`` and ``misses`` are its weights, and ``first`` is the
    number of the first block given that went into it.
    """

    row: Codes
    hits: Floats
    misses: Floats
    first: Codes


def pooled(row: Codes, hits: Floats, misses: Floats) -> Blocks:
    """Pool adjacent violators in all rows at once: shares of hits must fall along each row.

    ``row`` ``(n_blocks,)`` rises and says which row a block is of; ``hits`` and ``misses`` are its
    weights, of which one is above 0. Returns the blocks that are left, whose shares fall strictly.
    Every run of violators is pooled together: in the end it is one block anyway.

    Ayer et al. (1955), 10.1214/aoms/1177728423.

    >>> made = pooled(np.zeros(3, int), np.array([0.0, 1, 1]), np.array([1.0, 0, 2]))
    >>> made.hits.tolist(), made.misses.tolist(), made.first.tolist()
    ([1.0, 1.0], [1.0, 2.0], [0, 2])
    """
    first = np.arange(row.size, dtype=np.intp)
    while True:
        # hits / (hits + misses) is not below the share before it; products avoid rounding.
        rises = hits[1:] * misses[:-1] >= hits[:-1] * misses[1:]
        joined = rises & (row[1:] == row[:-1])
        if not joined.any():
            return Blocks(row, hits, misses, first)
        starts = np.flatnonzero(np.concatenate(([True], ~joined)))
        row, first = row[starts], first[starts]
        hits, misses = np.add.reduceat(hits, starts), np.add.reduceat(misses, starts)
