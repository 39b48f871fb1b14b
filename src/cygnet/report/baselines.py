"""What does a result stand beside? Shortcuts that see no lesion, and a reference model if given."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cygnet.evaluation import Estimate, ScoreCard
from cygnet.report import numbers
from cygnet.report.figures import Figure
from cygnet.report.forest import ForestRow, forest_figure
from cygnet.report.tables import DataTable, estimate_cells, table

_UNSHOWN = "which does not show that the model learned more than the shortcut."


@dataclass(frozen=True, slots=True)
class Baseline:
    """Something that the result stands beside: a shortcut, or a reference model.

    ``label`` names it, ``sees`` says what it knows of an image. ``difference`` is the result minus
    this one on the same images, where it was computed. ``n_images`` is given where it differs.
    """

    label: str
    sees: str
    auroc: Estimate
    kind: Literal["shortcut", "reference"] = "shortcut"
    difference: Estimate | None = None
    n_images: int | None = None


def beside_figure(score: ScoreCard, baselines: Sequence[Baseline]) -> Figure | None:
    """Draw the result and what stands beside it as a forest plot; ``None`` where nothing does."""
    if not baselines:
        return None
    result = score.metrics["auroc"]
    counts = (score.n_images, score.n_patients, score.n_positive)
    own = ForestRow("This model", result, "model", "sees the pictures", *counts)
    others = [
        ForestRow(one.label, one.auroc, one.kind, one.sees, one.n_images) for one in baselines
    ]
    diamond = any(one.kind == "reference" for one in baselines)
    caption = (
        "Each point is an AUROC, each line its interval; the band behind is this model's. Hollow "
        "points are models that never see a lesion: what they reach, a classifier can reach "
        "without having learned anything about skin."
    )
    if diamond:
        caption += " A diamond is a model made elsewhere, for reference."
    return forest_figure(
        [own, *others],
        key="beside",
        title="The result beside its shortcuts",
        caption=caption,
        beside=result,
    )


def differences(baselines: Sequence[Baseline]) -> DataTable | None:
    """Tabulate the result minus each of the others; ``None`` where no difference was computed."""
    rows = [
        (one.label, *estimate_cells(one.difference))
        for one in baselines
        if one.difference is not None
    ]
    if not rows:
        return None
    return table(
        "AUROC of this model minus that of each other, on the same images",
        ("", "Difference", "Interval"),
        rows,
    )


def shortcut_verdict(result: Estimate, baselines: Sequence[Baseline]) -> str:
    """Say whether the result stands above every shortcut; nothing where there is none to judge."""
    judged = [
        one for one in baselines if one.kind == "shortcut" and math.isfinite(one.auroc.estimate)
    ]
    if not judged or math.isnan(result.estimate):
        return ""
    best = max(judged, key=lambda one: one.auroc.estimate)
    reached = numbers.format_interval(best.auroc.estimate, best.auroc.lower, best.auroc.upper)
    strongest = f"The strongest shortcut, {_lowered(best.label)}, reaches {reached}."
    return f"{strongest} {_verdict_on(best, result)}"


def _verdict_on(best: Baseline, result: Estimate) -> str:
    """Judge by the difference on the same images where it is known, else by the interval."""
    if result.estimate <= best.auroc.estimate:
        return "The result is no better: it does not show that lesions were learned."
    above = best.difference
    if above is not None and above.has_interval:
        gap = numbers.format_interval(above.estimate, above.lower, above.upper)
        return f"The result is higher by {gap}" + ("." if above.lower > 0 else f", {_UNSHOWN}")
    if math.isnan(result.lower):
        return "The result has no interval, so the two cannot be told apart."
    shortcut = numbers.format_number(best.auroc.estimate)
    if result.lower > best.auroc.estimate:
        return f"The whole interval of the result lies above {shortcut}."
    return f"The interval of the result reaches down to {shortcut}, {_UNSHOWN}"


def _lowered(label: str) -> str:
    return label[:1].lower() + label[1:] if label[1:2].islower() else label
