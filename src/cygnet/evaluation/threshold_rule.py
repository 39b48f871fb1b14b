"""By which rule is a threshold chosen, on images that are not the ones to be scored?

At least a sensitivity, at least a specificity, or the largest Youden index.
"""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from cygnet.errors import InputError
from cygnet.evaluation.operating_points import (
    OperatingPoints,
    threshold_at_sensitivity,
    threshold_at_specificity,
    threshold_at_youden,
)
from cygnet.evaluation.sample import Sample


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """How a threshold is chosen: to reach a sensitivity, to keep a specificity, or by Youden.

    ``share`` is the sensitivity or the specificity, above 0 and at most 1; None for ``youden``.
    """

    kind: Literal["sensitivity", "specificity", "youden"]
    share: float | None = None

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a rule as the command line writes it.

        Raises :class:`InputError` for anything but ``sensitivity=S``, ``specificity=S`` and
        ``youden``, and for a share that is not above 0 and at most 1.

        >>> ThresholdRule.of("sensitivity=0.95")
        ThresholdRule(kind='sensitivity', share=0.95)
        """
        kind, equals, number = text.partition("=")
        try:
            if kind == "youden" and not equals:
                return cls("youden")
            if kind == "sensitivity" and 0 < float(number) <= 1:
                return cls("sensitivity", float(number))
            if kind == "specificity" and 0 < float(number) <= 1:
                return cls("specificity", float(number))
        except ValueError:
            pass
        raise InputError.of(
            f"{text!r} is no rule for a threshold.",
            "Give sensitivity=S or specificity=S, S above 0 and at most 1, or youden.",
        )

    def __str__(self) -> str:
        return self.kind if self.share is None else f"{self.kind}={self.share:g}"

    def threshold(self, sample: Sample) -> float:
        """Choose the threshold on ``sample``, which has both classes; NaN where none obeys.

        Of the probabilities of malignant images: the highest that reaches the sensitivity, the
        lowest that keeps the specificity, or the one with the largest Youden index.
        """
        points = OperatingPoints(sample)
        counts = points.counts(np.ones((1, sample.n_patients)))
        if self.share is None:
            return threshold_at_youden(points, counts)
        if self.kind == "sensitivity":
            return threshold_at_sensitivity(points, counts, self.share)
        return threshold_at_specificity(points, counts, self.share)
