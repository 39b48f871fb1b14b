"""Does it help to see the patient's other lesions? What context adds, and what it must not be."""

import math

from cygnet.context.judgement import Judgement
from cygnet.evaluation import Estimate
from cygnet.report import numbers
from cygnet.report.figures import Figure
from cygnet.report.forest import Axis, ForestRow, forest_figure

TITLE = "What context adds"
_ARTEFACTS = {
    "log_n_images": "the number of images",
    "log_pixels": "the original image size",
    "row_order": "the order of the rows",
}


def context_figure(judgement: Judgement) -> Figure:
    """Draw the differences that decide, and those that explain, on one axis around 0."""
    rows = [
        ForestRow("Plain", judgement.difference.difference, "model", "with context, minus without"),
        ForestRow(
            "Given the number of images",
            judgement.difference_given_count.difference,
            "model",
            "the count given to both sides",
        ),
        ForestRow(
            "Thinned to equal numbers",
            judgement.difference_thinned.difference,
            "model",
            "each patient cut to as many images",
        ),
        ForestRow(
            "Against the raw score", judgement.from_raw.difference, "shortcut", "nothing refitted"
        ),
        ForestRow(
            "Within patients",
            judgement.within.difference,
            "shortcut",
            "difference of the AUROC within patients",
        ),
    ]
    rows += [
        ForestRow(
            f"With {_ARTEFACTS.get(name, name.replace('_', ' '))}",
            pair.difference,
            "shortcut",
            "an artefact, added to context",
        )
        for name, pair in judgement.artefacts
    ]
    caption = (
        "Each point is a difference of AUROC, mean over ten splits of the patients, each line its "
        "interval. A claim that context helps needs the first three above zero: how many images a "
        "patient has tells the target in ISIC 2020, and must not pass for a lesion's look. "
        f"{placebo_sentence(judgement.placebo)}"
    )
    axis = Axis("Difference of AUROC", "0: context adds nothing", 0.0, _limits(rows), decimals=4)
    return forest_figure(rows, key="context", title=TITLE, caption=caption, axis=axis)


def _limits(rows: list[ForestRow]) -> tuple[float, float]:
    values = [0.0]
    for row in rows:
        if row.estimate is not None and row.estimate.has_interval:
            values += [row.estimate.lower, row.estimate.upper]
    room = 0.05 * (max(values) - min(values)) or 0.01
    return min(values) - room, max(values) + room


def placebo_sentence(placebo: Estimate) -> str:
    """Say what the same stage makes of scores that were dealt at random."""
    if math.isnan(placebo.estimate):
        return ""
    said = numbers.format_interval(placebo.estimate, placebo.lower, placebo.upper)
    holds = placebo.has_interval and placebo.lower <= 0.5 <= placebo.upper
    judged = "as it should be" if holds else "which is not chance: the numbers leak"
    return f"From scores dealt to patients at random the stage reaches {said}, {judged}."


def context_verdict(judgement: Judgement) -> str:
    """Say in one sentence what may be claimed."""
    if judgement.supported:
        return (
            "Context helps here: all three differences lie above zero, so the gain is not the "
            "number of images."
        )
    if judgement.placebo.has_interval and judgement.placebo.lower > 0.5:
        return (
            "No claim that context helps can be made here: scores dealt at random do better than "
            "chance, so the numbers leak. The probabilities of this run are those of the image "
            "model alone."
        )
    return (
        "No claim that context helps can be made here: the three differences do not all lie above "
        "zero. The probabilities of this run are those of the image model alone."
    )
