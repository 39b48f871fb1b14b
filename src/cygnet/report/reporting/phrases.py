"""How do numbers, names and lists stand in a sentence of a manuscript?"""

import math
from collections.abc import Iterable, Mapping, Sequence

from cygnet.evaluation import Estimate, ScoreCard
from cygnet.report import numbers
from cygnet.report.metric_rows import method_words
from cygnet.report.words import metric_words

MOST_MODELS = 5
_NAMES = ("AUROC", "Brier", "F1")


def listed(parts: Sequence[str]) -> str:
    """Join parts as a sentence lists them.

    >>> listed(["sex", "age", "site"]), listed(["sex"]), listed(["a", "b"])
    ('sex, age and site', 'sex', 'a and b')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def percent(share: float) -> str:
    """Write a share that was set, such as a confidence level, with no more digits than it has.

    >>> percent(0.95).replace(numbers.NARROW_SPACE, " ")
    '95 %'
    """
    return f"{100 * share:.6g}{numbers.NARROW_SPACE}%"


def joined(*sentences: str | None) -> str | None:
    """Join the sentences that there are; ``None`` where there is none."""
    return " ".join(one for one in sentences if one) or None


def written_estimate(estimate: Estimate) -> str:
    """Write a number with its interval, or with the reason why one is missing."""
    said = numbers.format_interval(estimate.estimate, estimate.lower, estimate.upper)
    if estimate.has_interval or not estimate.reason:
        return said
    if math.isnan(estimate.estimate):
        return f"{said} ({estimate.reason})"
    return f"{numbers.format_number(estimate.estimate)} (no interval: {estimate.reason})"


def shown_models(cards: Mapping[str, ScoreCard]) -> dict[str, ScoreCard]:
    """Give all models, or the best by AUROC where they are too many for one sentence."""
    if len(cards) <= MOST_MODELS:
        return dict(cards)
    order = sorted(cards, key=lambda name: -_auroc(cards[name]))[:MOST_MODELS]
    return {name: cards[name] for name in order}


def best_model(cards: Mapping[str, ScoreCard]) -> str:
    """Name the model with the highest AUROC."""
    return max(cards, key=lambda name: _auroc(cards[name]))


def title_within(key: str) -> str:
    """Give a metric's title as it stands within a sentence: names keep their capital.

    >>> title_within("ppv"), title_within("brier_score")
    ('positive predictive value', 'Brier score')
    """
    title = metric_words(key).title
    return title if title.startswith(_NAMES) else f"{title[:1].lower()}{title[1:]}"


def of_each(cards: Mapping[str, ScoreCard], key: str) -> str:
    """Write one metric of the models shown, each with its name where there are several.

    Empty where no model has it.
    """
    found = {
        name: written_estimate(card.metrics[key])
        for name, card in shown_models(cards).items()
        if key in card.metrics
    }
    if len(cards) == 1:
        return "".join(found.values())
    return listed([f"{said} for {name}" for name, said in found.items()])


def methods_of(card: ScoreCard, keys: Iterable[str]) -> list[str]:
    """Give in words how the intervals of these metrics were made, each method once."""
    known = (card.metrics[key] for key in keys if key in card.metrics)
    found = dict.fromkeys(one.method for one in known if one.has_interval)
    return [words for words in map(method_words, found) if words]


def _auroc(card: ScoreCard) -> float:
    value = card.metrics["auroc"].estimate
    return -1.0 if math.isnan(value) else value
