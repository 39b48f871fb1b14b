"""How is a number written for a reader? Three digits that matter, its interval, and its n.

Refuses to hide what is not known: an undefined number is written as such, never as 0 or 1, and a
probability that would round to 0 or 1 is written as a bound.
"""

import math

NARROW_SPACE = "\u202f"  # a thin space that no line breaks at
MINUS = "\u2212"
UNDEFINED = "not defined"

_MAX_DECIMALS = 6


def format_count(count: float) -> str:
    """Write a whole number with thin spaces between thousands.

    >>> format_count(33126).replace(NARROW_SPACE, "_")
    '33_126'
    """
    if not math.isfinite(count):
        return UNDEFINED
    return _grouped(f"{count:.0f}")


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Write a count with its noun, in the singular where there is one.

    >>> counted(1, "image"), counted(2, "patient with melanoma", "patients with melanoma")
    ('1 image', '2 patients with melanoma')
    """
    word = noun if count == 1 else (plural or f"{noun}s")
    return f"{format_count(count)} {word}"


def decimals_for(*values: float) -> int:
    """Give the decimals that show three significant digits of the largest of ``values``.

    Values between 0.1 and 1 get three, so that 1 beside 0.943 is written 1.000.

    >>> decimals_for(0.846, 0.811, 0.879), decimals_for(0.0123), decimals_for(12.3)
    (3, 4, 1)
    """
    finite = [abs(value) for value in values if math.isfinite(value) and value != 0]
    if not finite:
        return 3
    largest = max(finite)
    if 0.1 <= largest <= 1:
        return 3
    return min(max(2 - math.floor(math.log10(largest)), 0), _MAX_DECIMALS)


def format_number(value: float, decimals: int | None = None) -> str:
    """Write one number; NaN is ``not defined``, infinity is a word.

    A number below 1 is never rounded up to 1, nor one above 0 down to 0: it gets more digits.

    >>> format_number(0.84612), format_number(0.99983), format_number(-2.5)
    ('0.846', '0.9998', '\u22122.50')
    """
    if math.isnan(value):
        return UNDEFINED
    if math.isinf(value):
        return "infinite" if value > 0 else f"{MINUS}infinite"
    places = decimals_for(value) if decimals is None else decimals
    if value not in {0.0, 1.0}:
        while places < _MAX_DECIMALS and round(value, places) in {0.0, 1.0, -1.0}:
            places += 1
    return _grouped(f"{value:.{places}f}")


def format_probability(probability: float) -> str:
    """Write the probability of one image with three decimals, as a bound near 0 and 1.

    >>> format_probability(0.00004), format_probability(0.9131), format_probability(0.99999)
    ('<0.001', '0.913', '>0.999')
    """
    if math.isnan(probability):
        return UNDEFINED
    if 0 < probability < 0.0005:
        return "<0.001"
    if 0.9995 <= probability < 1:
        return ">0.999"
    return f"{probability:.3f}"


def format_share(share: float) -> str:
    """Write a share of 0 to 1 in per cent.

    >>> [format_share(share).replace(NARROW_SPACE, " ") for share in (0.0176, 0.01)]
    ['1.76 %', '1.00 %']
    """
    if math.isnan(share):
        return UNDEFINED
    percent = 100 * share
    # One is the end of a scale for a metric, but no more than a number in per cent.
    decimals = 2 if round(percent, 9) == 1 else None
    return f"{format_number(percent, decimals)}{NARROW_SPACE}%"


def format_level(confidence_level: float) -> str:
    """Write a confidence level.

    >>> format_level(0.95).replace(NARROW_SPACE, " ")
    '95 %'
    """
    return f"{round(100 * confidence_level, 6):g}{NARROW_SPACE}%"


def format_limits(lower: float, upper: float, decimals: int | None = None) -> str:
    """Write the two ends of an interval, with "to" between them."""
    places = decimals_for(lower, upper) if decimals is None else decimals
    return f"{format_number(lower, places)} to {format_number(upper, places)}"


def format_interval(estimate: float, lower: float, upper: float) -> str:
    """Write an estimate with its interval, all to the same decimals.

    >>> format_interval(0.84612, 0.81098, 0.87899)
    '0.846 (0.811 to 0.879)'
    """
    if math.isnan(estimate):
        return UNDEFINED
    places = decimals_for(estimate, lower, upper)
    if math.isnan(lower) or math.isnan(upper):
        return f"{format_number(estimate, places)} (no interval)"
    return f"{format_number(estimate, places)} ({format_limits(lower, upper, places)})"


def format_p_value(p: float) -> str:
    """Write a p-value; below 0.001 only that it is.

    >>> format_p_value(0.0341), format_p_value(2e-9), format_p_value(1.0)
    ('0.034', '<0.001', '1')
    """
    if p < 0.001:
        return "<0.001"
    return f"{p:.2g}" if p >= 0.1 else f"{p:.3f}"


def format_duration(seconds: float) -> str:
    """Write a time in the two largest units that matter.

    >>> format_duration(151).replace(NARROW_SPACE, " ")
    '2 min 31 s'
    """
    if seconds < 10:
        return f"{seconds:.1f}{NARROW_SPACE}s"
    total = round(seconds)
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    if hours:
        return f"{hours}{NARROW_SPACE}h {minutes}{NARROW_SPACE}min"
    if minutes:
        return f"{minutes}{NARROW_SPACE}min {rest}{NARROW_SPACE}s"
    return f"{rest}{NARROW_SPACE}s"


def _grouped(digits: str) -> str:
    sign, digits = (MINUS, digits[1:]) if digits.startswith("-") else ("", digits)
    whole, point, rest = digits.partition(".")
    if len(whole) > 4:
        start = len(whole) % 3 or 3
        groups = [whole[:start], *(whole[i : i + 3] for i in range(start, len(whole), 3))]
        whole = NARROW_SPACE.join(groups)
    if not (whole + rest).strip(f"0{NARROW_SPACE}"):
        sign = ""
    return f"{sign}{whole}{point}{rest}"
