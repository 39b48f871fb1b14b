"""How do all of a score's numbers stand in one table? Grouped, explained, with method and flags."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cygnet.evaluation import Estimate, ScoreCard
from cygnet.report.tables import Cell, estimate_cells
from cygnet.report.words import GROUPS, metric_words

DEPENDS = "depends on prevalence"
NOT_TRANSFERABLE = "not transferable"

_METHODS = {
    "none": "",
    "patient-cluster-bootstrap-percentile": "patient-cluster bootstrap, percentile",
    "patient-cluster-bootstrap-percentile-recentred": "patient-cluster bootstrap, percentile, "
    "recentred",
    "cluster-bootstrap-percentile": "patient-cluster bootstrap, percentile",
    "cluster-bootstrap-bca": "patient-cluster bootstrap, BCa",
    "cluster-delong": "DeLong with patients as clusters (Obuchowski)",
    "delong": "DeLong, which ignores patients",
    "jackknife-t": "delete-one-patient jackknife, t",
    "jackknife-logit-t": "delete-one-patient jackknife on the logit scale, t",
    "wilson-design-effect": "Wilson, with the design effect of patients",
    "wilson-design-effect-inverted": "Wilson, with the design effect of patients, inverted",
}


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One number of the table; ``mark`` says that it moves with prevalence.

    ``other`` tells another method's interval of the number above it.
    """

    key: str
    title: str
    explained: str
    estimate: Cell
    limits: Cell
    method: str
    mark: str = ""
    other: bool = False


@dataclass(frozen=True, slots=True)
class MetricGroup:
    """Numbers that answer one question; ``mark`` and ``explained`` hold for all of them."""

    title: str
    rows: tuple[MetricRow, ...]
    explained: str = ""
    mark: str = ""


def method_words(method: str) -> str:
    """Give a method's name as a reader says it."""
    hyphened = method.replace("_", "-")
    return _METHODS.get(hyphened, hyphened.replace("-", " "))


def metric_groups(score: ScoreCard, *, transferable: bool) -> list[MetricGroup]:
    """Group every metric of the card; none is left out, undefined ones say why."""
    grouped: dict[str, list[MetricRow]] = {group: [] for group in GROUPS}
    for key, estimate in score.metrics.items():
        words = metric_words(key, estimate.details)
        mark = _mark(estimate, moves=words.moves, transferable=transferable)
        explained = " ".join(filter(None, [words.explained, _beside(estimate)]))
        row = _row(key, words.title, explained, estimate, mark)
        grouped[words.group].append(row)
        grouped[words.group] += [
            _row(f"{key}.{name}", method_words(name), "", other, mark, other=True)
            for name, other in estimate.alternatives.items()
        ]
    return [MetricGroup(title, tuple(rows)) for title, rows in grouped.items() if rows]


def compared_groups(cards: Mapping[str, ScoreCard], *, transferable: bool) -> list[MetricGroup]:
    """Group by metric, a model a row, so that like stands beside like."""
    keys = list(dict.fromkeys(key for card in cards.values() for key in card.metrics))
    keys.sort(key=lambda key: GROUPS.index(metric_words(key).group))
    groups = []
    for key in keys:
        found = {name: card.metrics[key] for name, card in cards.items() if key in card.metrics}
        rows = tuple(_row(key, name, "", one, "") for name, one in found.items())
        first = next(iter(found.values()))
        words = metric_words(key, first.details)
        mark = _mark(first, moves=words.moves, transferable=transferable)
        groups.append(MetricGroup(words.title, rows, words.explained, mark))
    return groups


def _mark(estimate: Estimate, *, moves: bool, transferable: bool) -> str:
    """Say that a number moves with prevalence, where evaluation or its words say so."""
    if not estimate.details.get("prevalence_dependent", moves):
        return ""
    return DEPENDS if estimate.details.get("transferable", transferable) else NOT_TRANSFERABLE


def _beside(estimate: Estimate) -> str:
    said = []
    for name, words in (
        ("threshold", "Threshold"),
        ("by_chance", "By chance"),
        ("treat_all", "All called malignant:"),
        ("prevalence", "Prevalence"),
    ):
        value = estimate.details.get(name)
        if isinstance(value, float) and math.isfinite(value):
            said.append(f"{words} {value:.3g}.")
    return " ".join(said)


def _row(
    key: str, title: str, explained: str, estimate: Estimate, mark: str, *, other: bool = False
) -> MetricRow:
    value, limits = estimate_cells(estimate)
    method = "" if other else method_words(estimate.method)
    return MetricRow(key, title, explained, value, limits, method, mark, other)
