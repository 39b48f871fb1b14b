"""What is known of patients beyond their scores, and what may be said of it before any is shown?

Whether context helps, what a duckling is and how often it is the melanoma, how a map is read.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from cygnet.context.contributions import Contributions
from cygnet.context.lesions import Floats, Lesions, make_lesions
from cygnet.context.neighbourhood import FEWEST_LESIONS, N_NEIGHBOURS
from cygnet.context.resemblance import Space
from cygnet.evaluation import Estimate, score_card
from cygnet.report import numbers

_REPLICATES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class PatientEvidence:
    """What is known of patients beyond the scores; images in the order of the page's table.

    ``space`` measures the embeddings of ``lesions``, ``None`` without them; ``moved`` is what
    context makes of each image by a stage that did not learn from it, ``None`` where there is no
    stage. ``supported`` tells whether the judgement found that context helps; ``why_not`` is a
    sentence that says why there is no stage.
    """

    lesions: Lesions
    space: Space | None = None
    moved: Contributions | None = None
    supported: bool = False
    why_not: str = ""


def evidence_of(oof: pl.DataFrame) -> PatientEvidence:
    """Give what scores alone tell: no embeddings, no context."""
    table = oof if "lesion_id" in oof.columns else oof.with_columns(lesion_id=pl.lit(None))
    return PatientEvidence(
        make_lesions(table.with_columns(pl.col("fold").cast(pl.Int64))),
        why_not="No context stage is known to this page.",
    )


def verdict(evidence: PatientEvidence) -> str:
    """Say what may be claimed of context, and whom the stage shown was fitted on."""
    if evidence.moved is None:
        return f"Places with context are not shown. {evidence.why_not}"
    how = (
        "Places with context come from a stage that learnt nothing from the patient shown: it was "
        "fitted on other patients, with the learner that was chosen on all."
    )
    if evidence.supported:
        return f"Context was judged and helps here. {how}"
    return (
        "Context was judged and no claim can be made that it helps here. Places with context are "
        f"shown to see what it would do; the probabilities of this run leave it out. {how}"
    )


def reading(evidence: PatientEvidence) -> str:
    """Say how a map is read."""
    numbered = "with context" if evidence.moved is not None else "by the image model"
    near = "of like score" if evidence.space is None else "in which the network sees the like"
    said = (
        f"Each picture stands near those {near}; its number is its place {numbered}, 1 the most "
        "suspicious. A diamond is a melanoma, brackets mark the duckling, lines lead from it to "
        "its nearest, and a thin line ties a picture that made room to where it lies."
    )
    if evidence.space is None:
        return said
    width = next(iter(evidence.space.centre.values())).size
    return (
        f"{said} A flat map loses distances: this one, classical scaling, keeps most of the "
        f"patient's, and what it keeps is said under it; nearest is meant in all {width} "
        "dimensions. Each map is turned so that probability rises to the right."
    )


def oddness_sentence(
    oof: pl.DataFrame, evidence: PatientEvidence, oddness: Floats, seed: int
) -> str:
    """Say whether the odd one is the melanoma more often than chance would have it."""
    if evidence.space is None:
        return (
            "No embeddings are known, so nothing is said of how lesions look: they lie on a line "
            "by their score, and the duckling is the one whose score lies farthest above the "
            "median of the patient's others."
        )
    known = np.isfinite(oddness) & oof["patient_id"].is_not_null().to_numpy()
    target = oof["target"].to_numpy().astype(np.int64)
    meaning = (
        f"The duckling is the lesion that lies farthest, on average, from its {N_NEIGHBOURS} "
        "nearest among the patient's others, in the space of what the network sees; it is found "
        "without the label and without the score."
    )
    if not 0 < target[known].sum() < known.sum():
        return meaning
    place = np.argsort(np.argsort(oddness[known], kind="stable")) / max(int(known.sum()) - 1, 1)
    patient = oof["patient_id"].cast(pl.String).to_numpy()[known]
    card = score_card(target[known], place, patient, replicates=_REPLICATES, seed=seed)
    first, within = card.metrics["top_1_share"], card.metrics["within_patient_auroc"]
    if np.isnan(within.estimate):
        return meaning
    chance = first.details.get("by_chance")
    by_chance = (
        f" (by chance {numbers.format_number(chance, 3)})" if isinstance(chance, float) else ""
    )
    return (
        f"{meaning} Of all melanomas of patients with {FEWEST_LESIONS} lesions and more it is the "
        f"duckling for a share of {_interval(first)}{by_chance}; by oddness alone the AUROC within "
        f"patients is {_interval(within)}, 0.5 being chance."
    )


def _interval(one: Estimate) -> str:
    return numbers.format_interval(one.estimate, one.lower, one.upper)
