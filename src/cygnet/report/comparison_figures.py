"""Which model is better, and is it known? Ranks with their intervals, and the map of all pairs."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from cygnet.evaluation import Comparison, Estimate, Pair, Rank
from cygnet.report import numbers
from cygnet.report.figures import Figure
from cygnet.report.forest import Axis, ForestRow, forest_figure
from cygnet.report.svg import Drawing, shortened, tag
from cygnet.report.tables import Cell, DataTable, estimate_cells, table

MOST_MAPPED = 24  # more models than these leave no room to tell their cells apart
_WIDE, _NARROW = 780.0, 340.0
_NUMBERED = 8  # up to so many models the difference itself is written in its cell
_STEPS = ((0.001, "p3", "p < 0.001"), (0.01, "p2", "p < 0.01"), (0.05, "p1", "p < 0.05"))


def rank_figure(ranks: Sequence[Rank]) -> Figure:
    """Draw the place of each model and the places it may hold."""
    rows = [
        ForestRow(rank.model, _place(rank), kind="model", detail=_bootstrap_words(rank))
        for rank in ranks
    ]
    n = len(ranks)
    caption = (
        "A model's best place is one below all that are significantly better, its worst one above "
        f"all that are significantly worse (jackknife over patients, Bonferroni over {n - 1}). "
        "Each line holds for its model alone. The bootstrap's ranks are descriptive: in simulation "
        "they held the true rank in 75 to 87\u202f% of cases."
    )
    axis = Axis("Rank by AUROC", "1 is best", None, (1.0, float(n)), whole=True)
    return forest_figure(rows, key="ranks", title="Ranks", caption=caption, axis=axis)


def _place(rank: Rank) -> Estimate:
    if rank.lower is None or rank.upper is None:
        return Estimate(float(rank.rank), reason=rank.reason)
    return Estimate(float(rank.rank), float(rank.lower), float(rank.upper))


def _bootstrap_words(rank: Rank) -> str:
    if rank.first_share is None:
        return ""
    share = 100 * rank.first_share
    return (
        f"bootstrap: {rank.bootstrap_lower} to {rank.bootstrap_upper}, "
        f"first in {share:.0f}{numbers.NARROW_SPACE}%"
    )


def significance_figure(comparison: Comparison) -> Figure:
    """Draw the map of all pairs by AUROC: models in order of rank, a cell for each pair."""
    models = [rank.model for rank in comparison.ranks][:MOST_MAPPED]
    pairs = {(pair.a, pair.b): pair for pair in comparison.pairs_of("auroc")}
    title = "Which differences are known"
    drawings = tuple(_map(models, pairs, title, wide=wide) for wide in (True, False))
    said = (
        f" The first {MOST_MAPPED} of {len(comparison.ranks)} are drawn."
        if len(comparison.ranks) > MOST_MAPPED
        else ""
    )
    caption = (
        "Each cell is a pair: by how much AUROC of the model above exceeds that of the model at "
        "the left. The fuller a cell, the surer it is that the two differ (Holm's p over all "
        f"pairs, each patient left out in turn); an empty frame is a "
        f"difference that is not known.{said}"
    )
    return Figure("pairs", title, caption, drawings, _pair_table(comparison.pairs_of("auroc")))


def _map(
    models: Sequence[str], pairs: Mapping[tuple[str, str], Pair], title: str, *, wide: bool
) -> Markup:
    n = len(models)
    left, top = (236.0, 30.0) if wide else (30.0, 26.0)
    room = (_WIDE if wide else _NARROW) - left
    cell = min(64.0, room / max(n - 1, 1))
    foot = top + cell * (n - 1)
    listed = 0.0 if wide else 22.0 * n
    drawing = Drawing(
        _WIDE if wide else _NARROW, foot + 40 + 24 * 2 + listed, title, _said(models, pairs)
    )
    for column, _ in enumerate(models[:-1]):
        middle = left + cell * (column + 0.5)
        drawing.text(middle, top - 10, str(column + 1), "tick", "middle")
    for row, worse in enumerate(models[1:]):
        y = top + cell * row
        name = f"{row + 2}  {worse}" if wide else str(row + 2)
        drawing.text(
            0 if wide else left - 10,
            y + cell / 2 + 5,
            shortened(name, left - 12, 14),
            "label",
            "start" if wide else "end",
        )
        for column, better in enumerate(models[: row + 1]):
            one = _difference(pairs, worse, better)
            _cell(drawing, left + cell * column, y, cell, one, numbered=wide and n <= _NUMBERED)
    _legend(drawing, left if wide else 0.0, foot + 24, wide=wide)
    if wide:
        drawing.text(0, top - 10, shortened(f"1  {models[0]}", left - 12, 14), "label")
    else:
        for place, model in enumerate(models):
            words = shortened(f"{place + 1}  {model}", _NARROW, 16)
            drawing.text(0, foot + 24 + 24 * 2 + 20 + 22 * place, words, "label")
    return drawing.markup("wide" if wide else "narrow")


def _difference(pairs: Mapping[tuple[str, str], Pair], a: str, b: str) -> Estimate | None:
    """Give b less a, whichever way round the pair was made; only its size and p are drawn."""
    if (a, b) in pairs:
        return pairs[a, b].difference
    if (b, a) in pairs:
        one = pairs[b, a].difference
        return Estimate(-one.estimate, -one.upper, -one.lower, details=one.details)
    return None


def _step(one: Estimate | None) -> str:
    p = one.details.get("p_holm") if one else None
    if not isinstance(p, float):
        return "p0"
    return next((class_ for most, class_, _ in _STEPS if p < most), "p0")


def _cell(
    drawing: Drawing, x: float, y: float, size: float, one: Estimate | None, *, numbered: bool
) -> None:
    step = _step(one)
    side = size - 3
    drawing.add(tag("rect", x=x + 1.5, y=y + 1.5, width=side, height=side, class_=f"pair {step}"))
    if one is not None and numbered:
        words = numbers.format_number(one.estimate, 3)
        drawing.text(x + size / 2, y + size / 2 + 5, words, f"pair-number {step}", "middle")


def _legend(drawing: Drawing, left: float, top: float, *, wide: bool) -> None:
    """Say what the four steps mean, in one line or in two."""
    words = [(class_, said) for _, class_, said in _STEPS] + [("p0", "not known")]
    per_row = 4 if wide else 2
    for place, (class_, said) in enumerate(words):
        x = left + 120 * (place % per_row)
        y = top + 24 * (place // per_row)
        drawing.add(tag("rect", x=x, y=y, width=16, height=16, class_=f"pair {class_}"))
        drawing.text(x + 23, y + 13, said, "detail")


def _said(models: Sequence[str], pairs: Mapping[tuple[str, str], Pair]) -> str:
    shown = set(models)
    known = [
        f"{pair.b} less {pair.a} {numbers.format_number(pair.difference.estimate, 3)}"
        for pair in pairs.values()
        if {pair.a, pair.b} <= shown and _step(pair.difference) != "p0"
    ]
    return "; ".join(known) or "No difference between two models is known."


def _pair_table(pairs: Sequence[Pair]) -> DataTable:
    rows: list[list[Cell]] = []
    margin = next((m for pair in pairs if (m := pair.difference.details.get("margin"))), None)
    for pair in pairs:
        one = pair.difference
        value, limits = estimate_cells(one)
        rows.append(
            [
                Cell(f"{pair.b} less {pair.a}"),
                value,
                limits,
                _joint(one),
                _p_cell(one.details.get("p_value")),
                _p_cell(one.details.get("p_holm")),
            ]
        )
        if margin is not None:
            rows[-1].append(_equivalence(one))
    columns = ["Pair", "Difference", "Interval", "All pairs together", "p", "Holm's p"]
    columns += [] if margin is None else [f"Equivalent within {margin:g}"]
    return table("Differences of AUROC, every pair", columns, rows)


def _equivalence(one: Estimate) -> Cell:
    """Say whether two one-sided tests hold the difference within the margin, and their interval."""
    lower, upper = one.details.get("equivalence_lower"), one.details.get("equivalence_upper")
    said = {True: "yes", False: "no"}
    known = one.details.get("equivalent")
    if known is None or not (isinstance(lower, float) and isinstance(upper, float)):
        return Cell("not known")
    limits = numbers.format_limits(lower, upper, numbers.decimals_for(lower, upper))
    level = numbers.format_level(2 * one.confidence_level - 1)
    return Cell(said[bool(known)], note=f"{level}: {limits}")


def _joint(one: Estimate) -> Cell:
    lower, upper = one.details["simultaneous_lower"], one.details["simultaneous_upper"]
    if not (isinstance(lower, float) and isinstance(upper, float)):
        return Cell("no interval")
    return Cell(numbers.format_limits(lower, upper, numbers.decimals_for(lower, upper)))


def _p_cell(p: object) -> Cell:
    return Cell(numbers.format_p_value(p), p) if isinstance(p, float) else Cell("not known")
