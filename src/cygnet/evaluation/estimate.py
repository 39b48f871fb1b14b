"""What is known of a number: the estimate, its interval, its method, or why it is missing.

An undefined number is NaN with a reason, never 0 or 1. How many patients bear on a number decides
whether an interval is given at all.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Percentile and BCa cluster bootstraps cover 76 to 89 % at 4 to 10 patients with melanoma, and
# 92 to 95 % at 40 to 100: docs/results/coverage.md.
MIN_PATIENTS = 10
ENOUGH_PATIENTS = 40
MAX_UNDEFINED_SHARE = 0.05
_ROUNDING = 1e-12

BOOTSTRAP = "patient-cluster-bootstrap-percentile"

SAME_IN_ALL = "every bootstrap replicate gives the same value: there is no spread to measure"

Detail = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval.

    ``estimate``, ``lower`` and ``upper`` are NaN where undefined, and ``reason`` then says why.
    ``flag`` is a caution about an interval that is given. ``details`` are further facts of this
    number (its threshold, how many images it rests on); ``alternatives`` are other methods'
    intervals of the same number.
    """

    estimate: float
    lower: float = math.nan
    upper: float = math.nan
    confidence_level: float = 0.95
    method: str = "none"
    reason: str | None = None
    flag: str | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)
    alternatives: Mapping[str, "Estimate"] = field(default_factory=dict)

    @property
    def has_interval(self) -> bool:
        """Whether both limits are known."""
        return not (math.isnan(self.lower) or math.isnan(self.upper))

    def with_details(self, **details: Detail) -> "Estimate":
        """Give the same estimate with further details."""
        return replace(self, details={**self.details, **details})

    def as_json(self) -> dict[str, object]:
        """Give a document in which NaN is ``None``; ``reason`` and ``flag`` only where given.

        >>> Estimate(math.nan, reason="no benign image").as_json()["estimate"] is None
        True
        """
        document: dict[str, object] = {
            "estimate": finite_or_none(self.estimate),
            "lower": finite_or_none(self.lower),
            "upper": finite_or_none(self.upper),
            "confidence_level": self.confidence_level,
            "method": self.method,
        }
        if self.reason is not None:
            document["reason"] = self.reason
        if self.flag is not None:
            document["flag"] = self.flag
        for name, value in self.details.items():
            document[name] = finite_or_none(value) if isinstance(value, float) else value
        if self.alternatives:
            document["alternatives"] = {
                name: other.as_json() for name, other in self.alternatives.items()
            }
        return document


def finite_or_none(value: float) -> float | None:
    """Give what JSON can hold: ``None`` for NaN and infinities."""
    return float(value) if math.isfinite(value) else None


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; where nothing is to be divided by, or too little to be finite, the ratio is NaN."""
    top, bottom = np.broadcast_arrays(numerator, denominator)
    quotient: Floats = np.full(top.shape, np.nan)
    with np.errstate(over="ignore"):
        np.divide(top, bottom, out=quotient, where=bottom > 0)
    quotient[np.isinf(quotient)] = np.nan
    return quotient


def too_few(n_patients: int, whose: str) -> str | None:
    """Say why so few patients bear no interval, or ``None`` where they do.

    ``whose`` completes "3 patients ...": "with melanoma", "with a benign image".
    """
    if n_patients >= MIN_PATIENTS:
        return None
    plural = "" if n_patients == 1 else "s"
    return (
        f"{n_patients} patient{plural} {whose}, fewer than {MIN_PATIENTS}: "
        "too few for an interval to be relied on"
    )


def few(n_patients: int, whose: str) -> str | None:
    """Give the caution for an interval that rests on few patients, or ``None``."""
    if n_patients >= ENOUGH_PATIENTS:
        return None
    plural = "" if n_patients == 1 else "s"
    return f"rests on {n_patients} patient{plural} {whose}, fewer than {ENOUGH_PATIENTS}"


def percentile_limits(replicates: Floats, confidence_level: float) -> tuple[float, float, int]:
    """Give the percentile limits of the defined replicates, and how many are undefined."""
    defined = replicates[np.isfinite(replicates)]
    n_undefined = int(replicates.size - defined.size)
    if defined.size == 0 or n_undefined > MAX_UNDEFINED_SHARE * replicates.size:
        return math.nan, math.nan, n_undefined
    tail = (1 - confidence_level) / 2
    lower, upper = np.quantile(defined, [tail, 1 - tail])
    return float(lower), float(upper), n_undefined


def bootstrap_estimate(
    estimate: float,
    replicates: Floats,
    *,
    confidence_level: float,
    undefined_because: str,
    no_interval_because: str | None = None,
    flag: str | None = None,
) -> Estimate:
    """Join an estimate with the percentile interval of its replicates ``(n_replicates,)``.

    Undefined replicates (NaN) are counted in the details. The limits always enclose the estimate:
    where nearly all replicates lie on one side of it, as at a statistic's maximum, that limit is
    the estimate. They are NaN with a reason where the estimate is undefined,
    ``no_interval_because`` gives one, all replicates agree, or more than one in twenty is
    undefined: the interval of the others would answer another question.
    """
    if not math.isfinite(estimate):
        return Estimate(
            math.nan, confidence_level=confidence_level, method=BOOTSTRAP, reason=undefined_because
        )
    lower, upper, n_undefined = percentile_limits(replicates, confidence_level)
    reason = no_interval_because
    if reason is None and math.isnan(lower):
        reason = f"{n_undefined} of {replicates.size} bootstrap replicates are undefined"
    if reason is None and math.isclose(lower, upper, rel_tol=_ROUNDING):
        reason = SAME_IN_ALL
    if reason is not None:
        lower, upper, flag = math.nan, math.nan, None
    else:
        lower, upper = min(lower, estimate), max(upper, estimate)
    return Estimate(
        estimate,
        lower,
        upper,
        confidence_level,
        BOOTSTRAP,
        reason,
        flag,
        {"replicates": int(replicates.size), "undefined_replicates": n_undefined},
    )
