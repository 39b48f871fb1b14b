"""What can a paper say of a result? Each number with its interval, as the page's tables have it."""

import math
from collections.abc import Mapping, Sequence

from cygnet.evaluation import Gap, ScoreCard, telling_gaps
from cygnet.evaluation.subgroups import Group
from cygnet.report import numbers
from cygnet.report.metric_rows import NOT_TRANSFERABLE
from cygnet.report.reporting.facts import Facts
from cygnet.report.reporting.phrases import (
    MOST_MODELS,
    best_model,
    joined,
    listed,
    of_each,
    percent,
    title_within,
    written_estimate,
)
from cygnet.report.words import column_words

_POINTS = (
    "sensitivity_at_specificity_90",
    "specificity_at_sensitivity_90",
    "sensitivity_at_specificity_95",
    "specificity_at_sensitivity_95",
)
_CALIBRATION = ("calibration_slope", "calibration_intercept", "observed_over_expected")
_MOST_GAPS = 3


def auroc(facts: Facts) -> str | None:
    """Say the AUROC with its interval."""
    card = facts.card
    if card is None or not (said := of_each(facts.cards, "auroc")):
        return None
    level = percent(card.metrics["auroc"].confidence_level)
    n_models = len(facts.cards)
    few = f"Of {n_models} models the {MOST_MODELS} with the highest AUROC are named here."
    return joined(few if n_models > MOST_MODELS else "", f"AUROC ({level} interval) was {said}.")


def within_patients(facts: Facts) -> str | None:
    """Say the AUROC within patients, where patients are known."""
    said = of_each(facts.cards, "within_patient_auroc") if facts.patients_known else ""
    return f"Within patients who have both classes, AUROC was {said}." if said else None


def at_the_threshold(facts: Facts) -> str | None:
    """Say sensitivity and specificity, and what a called image is worth where it transfers."""
    threshold = _threshold(facts)
    if threshold is None:
        return None
    said = [
        f"{title_within(key)} was {values}"
        for key in ("sensitivity", "specificity")
        if (values := of_each(facts.cards, key))
    ]
    worth = [
        f"{title_within(key)} {values}"
        for key in ("ppv", "npv", "number_needed_to_biopsy")
        if (values := of_each(facts.cards, key))
    ]
    named = f"{threshold:g}"
    valued = f"At the prevalence of these images that gives {listed(worth)}" if worth else ""
    mark = f"; these are {NOT_TRANSFERABLE}." if facts.prevalence_note else "."
    return joined(f"At a threshold of {named}, {listed(said)}.", valued and valued + mark)


def fixed_points(facts: Facts) -> str | None:
    """Say sensitivity at fixed specificity and the other way round."""
    said = [
        f"{title_within(key)} was {values}"
        for key in _POINTS
        if (values := of_each(facts.cards, key))
    ]
    if not said:
        return None
    text = listed(said)
    return f"{text[:1].upper()}{text[1:]}; these thresholds were found on the scored images."


def calibration(facts: Facts) -> str | None:
    """Say slope, intercept, observed over expected, and the Brier score."""
    said = [
        f"{title_within(key)} {values}"
        for key in (*_CALIBRATION, "brier_score")
        if (values := of_each(facts.cards, key))
    ]
    if not said:
        return None
    text = listed(said)
    mark = f" All but the slope are {NOT_TRANSFERABLE}." if facts.prevalence_note else ""
    return f"{text[:1].upper()}{text[1:]}.{mark}"


def net_benefit(facts: Facts) -> str | None:
    """Say the net benefit at the threshold, beside calling all images malignant, or none."""
    card, threshold = facts.card, _threshold(facts)
    if card is None or threshold is None or not (said := of_each(facts.cards, "net_benefit")):
        return None
    named = f"{threshold:g}"
    beside = ""
    treat_all = card.metrics["net_benefit"].details.get("treat_all")
    if isinstance(treat_all, float) and math.isfinite(treat_all):
        worth = numbers.format_number(treat_all)
        beside = f", beside {worth} if all images were called malignant and 0 if none were"
    mark = f"; it is {NOT_TRANSFERABLE}" if facts.prevalence_note else ""
    return f"Net benefit at a threshold of {named} was {said}{beside}{mark}."


def subgroups(facts: Facts) -> str | None:
    """Say the AUROC in each group of each column that the score was broken down by."""
    if facts.card is None:
        return None
    name = best_model(facts.cards)
    who = f" of {name}, the highest overall," if len(facts.cards) > 1 else ""
    return joined(
        *(_by_column(column, who, levels) for column, levels in facts.cards[name].by.items())
    )


def gaps(facts: Facts) -> str | None:
    """Say the gaps between groups that are worth a line, and how many are known not to be 0."""
    if facts.card is None:
        return None
    name = best_model(facts.cards)
    found = facts.cards[name].gaps
    if not found:
        return None
    known = [gap for gap in found if gap.difference.has_interval]
    who = f"Of {name}, " if len(facts.cards) > 1 else ""
    unknown = len(found) - len(known)
    few = f"{numbers.counted(unknown, 'gap')} to groups too small to judge had no interval."
    if not known:
        return f"No gap between groups could be judged: {found[0].difference.reason}."
    lines = [_gap(gap) for gap in list(telling_gaps(found))[:_MOST_GAPS]]
    told = f"{who}{'; '.join(lines)}."
    return joined(f"{told[:1].upper()}{told[1:]}", _excluding(known), few if unknown else "")


def fairness(facts: Facts) -> str | None:
    """Say which groups were compared, and how."""
    if facts.card is None or not facts.card.by:
        return None
    columns = listed([column_words(column).lower() for column in facts.card.by])
    said = f"Performance was computed by {columns}, for each group with its interval."
    if not facts.card.gaps:
        return said
    return (
        f"{said} Every two groups of a column were compared by the difference of their AUROC, "
        "with simultaneous limits over all comparisons (jackknife over patients)."
    )


def comparison(facts: Facts) -> str | None:
    """Say how several models differ, in pairs of AUROC, and which may be the first."""
    pairs = facts.comparison.pairs_of("auroc") if facts.comparison else []
    if facts.comparison is None or not pairs:
        return None
    widest = max(pairs, key=lambda pair: abs(pair.difference.estimate))
    p_value = widest.difference.details.get("p_holm")
    said = written_estimate(widest.difference)
    p_words = f", p {_p_value(p_value)} by Holm" if isinstance(p_value, float) else ""
    known = [pair for pair in pairs if isinstance(pair.difference.details.get("p_holm"), float)]
    below = sum(_holm(pair.difference.details["p_holm"]) < 0.05 for pair in known)
    first = [rank.model for rank in facts.comparison.ranks if rank.tied_with_first]
    return joined(
        f"The widest difference of AUROC was that of {widest.b} less {widest.a}: {said}{p_words}.",
        f"Of {numbers.counted(len(pairs), 'pair')} of models, {below} differed at the 5"
        f"{numbers.NARROW_SPACE}% level after Holm's correction."
        if known and len(pairs) > 1
        else "",
        f"Not significantly below any other {'was' if len(first) == 1 else 'were'} {listed(first)}."
        if first
        else "",
    )


def _p_value(value: float) -> str:
    written = numbers.format_p_value(value)
    return written if written.startswith("<") else f"= {written}"


def _holm(value: object) -> float:
    return value if isinstance(value, float) else math.nan


def threshold_words(facts: Facts) -> str | None:
    """Say which images were called malignant, and that the threshold was given beforehand."""
    threshold = _threshold(facts)
    if threshold is None:
        return None
    return (
        f"Images at or above a probability of {threshold:g} were called "
        "malignant; this threshold was given, not chosen on the scored images."
    )


def _threshold(facts: Facts) -> float | None:
    if facts.card is None or "sensitivity" not in facts.card.metrics:
        return None
    found = facts.card.metrics["sensitivity"].details.get("threshold")
    return float(found) if isinstance(found, float | int) else None


def _by_column(column: str, who: str, levels: Mapping[str, Group]) -> str:
    """Say the AUROC of each group that can be judged, and name those that are too small."""
    named = {
        level.strip("()"): f"({numbers.counted(group['n_images'], 'image')}, "
        f"{numbers.format_count(group['n_positive'])} of melanoma)"
        for level, group in levels.items()
    }
    judged, small = [], []
    for (level, sized), group in zip(named.items(), levels.values(), strict=True):
        if group["auroc"].has_interval:
            judged.append(f"{written_estimate(group['auroc'])} for {level} {sized}")
        else:
            small.append(f"{level} {sized}")
    words = column_words(column)
    said = f"By {words.lower()}, AUROC{who} was {listed(judged)}." if judged else ""
    few = f"Too small to judge, by {words.lower()}: {listed(small)}." if small else ""
    return f"{said} {few}".strip()


def _excluding(known: Sequence[Gap]) -> str:
    n_excluding = sum(gap.difference.lower > 0 or gap.difference.upper < 0 for gap in known)
    if len(known) == 1:
        return f"This interval {'excludes' if n_excluding else 'includes'} 0."
    counted = numbers.format_count(n_excluding) if n_excluding else "None"
    return (
        f"{counted} of the {numbers.format_count(len(known))} gaps excluded 0, with limits that "
        "hold for all gaps together."
    )


def _gap(gap: Gap) -> str:
    said = written_estimate(gap.difference)
    column = column_words(gap.by).lower()
    a, b = gap.a.strip("()"), gap.b.strip("()")
    return f"by {column}, AUROC for {b} less that for {a} was {said}"


def cautions(facts: Facts) -> str | None:
    """Gather what a reader must be warned of: flags, notes, prevalence, few patients."""
    if facts.card is None:
        return None
    notes = [*facts.card.notes] if facts.prevalence_note is None else []
    return joined(_few(facts.card), facts.prevalence_note, *notes, _moves(facts))


def _moves(facts: Facts) -> str | None:
    """Say that predictive values hold for one prevalence, where no note says it."""
    card = facts.card
    if card is None or not card.n_images or facts.prevalence_note is not None:
        return None
    share = facts.weighted_share
    share = card.n_positive / card.n_images if share is None else share
    return (
        "Predictive values, calibration, Brier score and net benefit hold for a share of melanomas "
        f"of {numbers.format_share(share)}, and move with it."
    )


def _few(card: ScoreCard) -> str | None:
    result = card.metrics["auroc"]
    words = result.flag or (None if result.has_interval else result.reason)
    return f"AUROC: {words}." if words else None
