"""How far out does Student's t distribution reach, and how much of it lies beyond? Without scipy.

Importing scipy.special takes longer than scoring a test set does. Degrees of freedom may be
fractions, as Welch's are; p-values stay exact far out, where they are 1e-60. Refuses none: what is
no number gives NaN.
"""

import math
from functools import lru_cache
from statistics import NormalDist

_LARGE = 100.0
_SMALLEST = 1e-300
_EPSILON = 1e-16


@lru_cache(maxsize=256)
def t_reach(degrees_of_freedom: float, confidence_level: float) -> float:
    """Give how many standard errors a two-sided t interval reaches to each side.

    Newton's method from the normal quantile, which lies nearer to 0: the tail is convex, so no step
    goes too far.

    >>> round(t_reach(9, 0.95), 3)
    2.262
    """
    level = (1 + confidence_level) / 2
    if not (degrees_of_freedom > 0 and 0.5 <= level < 1):
        return math.inf if degrees_of_freedom > 0 and level == 1 else math.nan
    t = NormalDist().inv_cdf(level)
    while True:
        excess = t_tail(t, degrees_of_freedom) - (1 - level)
        further = t + excess / _density(t, degrees_of_freedom)
        if not further > t * (1 + 2 * _EPSILON):
            return t
        t = further


def t_tail(t: float, degrees_of_freedom: float) -> float:
    r"""Give the share of a t distribution above ``t``.

    .. math:: \tfrac12 I_x \left( \tfrac\nu2, \tfrac12 \right), \quad x = \frac{\nu}{\nu + t^2}

    for t above 0, with :math:`I` the regularised incomplete beta function.

    DLMF, https://dlmf.nist.gov/8.17.

    >>> round(t_tail(2.262, 9), 3)
    0.025
    """
    if math.isnan(t) or not degrees_of_freedom > 0:
        return math.nan
    if math.isinf(degrees_of_freedom):
        return math.erfc(t / math.sqrt(2)) / 2
    if t < 0:
        return 1 - t_tail(-t, degrees_of_freedom)
    half = degrees_of_freedom / 2
    square = t * t / degrees_of_freedom
    if math.isinf(square):
        return 0.0
    x, rest = 1 / (1 + square), square / (1 + square)
    # x^a (1 - x)^(1/2) / B(a, 1/2): the power of x by its logarithm, exact where x is near 1.
    front = _gamma_ratio(half) / math.sqrt(math.pi) * math.exp(-half * math.log1p(square))
    front *= math.sqrt(rest)
    # Each fraction converges fast on its side of the distribution's mean.
    if x < (half + 1) / (half + 2.5):
        return front * _fraction(half, 0.5, x, rest) / 2
    return 0.5 - front * _fraction(0.5, half, rest, x) / 2


def _density(t: float, degrees_of_freedom: float) -> float:
    half = degrees_of_freedom / 2
    power = math.exp(-(half + 0.5) * math.log1p(t * t / degrees_of_freedom))
    return _gamma_ratio(half) / math.sqrt(math.pi * degrees_of_freedom) * power


def _gamma_ratio(a: float) -> float:
    """Give Gamma(a + 1/2) / Gamma(a): by its asymptotic series, small ``a`` being raised first.

    A difference of logarithms of Gamma would lose a digit for each digit of ``a``.

    DLMF, https://dlmf.nist.gov/5.11.iii.
    """
    raised = 1.0
    while a < _LARGE:
        raised *= a / (a + 0.5)
        a += 1
    terms = (1, -1 / 8, 1 / 128, 5 / 1024, -21 / 32768, -399 / 262144, 869 / 4194304)
    return raised * math.sqrt(a) * sum(term / a**power for power, term in enumerate(terms))


def _fraction(a: float, b: float, x: float, rest: float) -> float:
    """Give B(a, b) I_x(a, b) / (x^a (1 - x)^b), ``rest`` being 1 - x: a continued fraction.

    Evaluated from the front by Lentz's method. ``rest`` stands in it by itself, as 1 - x would lose
    digits where ``a`` is large.

    DiDonato and Morris (1992), 10.1145/131766.131776; Lentz (1976), 10.1364/AO.15.000668.
    """
    least = a * rest - b * x
    value = c = a / (a + 1) * (least + 1)
    d, n = 0.0, 0
    while True:
        n += 1
        lower = a + 2 * n - 1
        numerator = (a + n - 1) * (a + b + n - 1) * n * (b - n) * (x / lower) ** 2
        term = n + n * (b - n) * x / lower + (a + n) / (lower + 2) * (least + 1 + n * (1 + rest))
        d = 1 / _apart(term + numerator * d)
        c = _apart(term + numerator / c)
        value *= c * d
        if abs(c * d - 1) <= _EPSILON:
            return 1 / value


def _apart(value: float) -> float:
    """Keep a divisor off 0."""
    return value if abs(value) > _SMALLEST else _SMALLEST
