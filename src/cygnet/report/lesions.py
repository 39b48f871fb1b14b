"""Which lesions does a reader want to see? Those scored most wrongly, and patients' in a row.

The choice follows a stated rule and no taste: the highest-scored benign, the lowest-scored
melanomas, and patients evenly spaced from the best ordered to the worst ordered.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from markupsafe import Markup
from numpy.typing import NDArray

from cygnet.evaluation import auroc
from cygnet.report import numbers
from cygnet.report.figures import needs_log_odds
from cygnet.report.svg import Drawing, probability_scale
from cygnet.report.thumbnails import SIDE_PX, ThumbnailSource, data_uri

MOST_WRONG = 12
MOST_PATIENTS = 6
MOST_IN_A_ROW = 16

_MIN_LESIONS = 4


@dataclass(frozen=True, slots=True)
class Lesion:
    """One lesion as a card: ``picture`` is a ``data:`` URI.

    ``about`` is what the table knows of the lesion, ``whose`` what it knows of the patient.
    """

    image_name: str
    melanoma: bool
    probability: float
    about: str
    whose: str
    picture: str | None

    @property
    def alternative(self) -> str:
        """What a reader without pictures is told."""
        truth = "melanoma" if self.melanoma else "benign"
        probability = numbers.format_probability(self.probability)
        return f"Lesion {self.image_name}, {truth}, probability {probability}"


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One patient's lesions from the highest to the lowest probability."""

    patient_id: str
    sentence: str
    lesions: tuple[Lesion, ...]
    strips: tuple[Markup, ...]
    rest: str


class Cards:
    """Makes cards of the rows of a table of scored images; each picture is asked for once."""

    def __init__(
        self, oof: pl.DataFrame, thumbnails: ThumbnailSource | None, *, squashed: bool
    ) -> None:
        self._rows = oof
        self._thumbnails = thumbnails
        self._squashed = squashed and {"width_px", "height_px"} <= set(oof.columns)
        self._made: dict[int, Lesion] = {}
        self.logit = needs_log_odds(oof["probability"].to_numpy())

    def at(self, index: int) -> Lesion:
        """Give the card of one row."""
        if index not in self._made:
            row = self._rows.row(index, named=True)
            self._made[index] = Lesion(
                image_name=row["image_name"],
                melanoma=bool(row["target"]),
                probability=float(row["probability"]),
                about=_written(row, ("diagnosis", "anatom_site_general_challenge")),
                whose=_written(row, ("sex", "age_approx")),
                picture=self._picture(row),
            )
        return self._made[index]

    def truth(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Give target and probability of ``rows``."""
        chosen = self._rows[rows.tolist()]
        target = chosen["target"].to_numpy().astype(np.int64)
        return target, chosen["probability"].to_numpy().astype(np.float64)

    def picture(self, index: int, side_px: int) -> str | None:
        """Give the picture of one row, its longer side at most ``side_px``, as a ``data:`` URI."""
        return self._picture(self._rows.row(index, named=True), side_px)

    def _picture(self, row: dict[str, object], side_px: int = SIDE_PX) -> str | None:
        encoded = self._thumbnails(str(row["image_name"])) if self._thumbnails else None
        if encoded is None:
            return None
        width, height = row.get("width_px"), row.get("height_px")
        known = self._squashed and isinstance(width, int) and isinstance(height, int)
        aspect = width / height if known and width and height else None  # type: ignore[operator]
        return data_uri(encoded, aspect, side_px=side_px)


def _written(row: dict[str, object], columns: Sequence[str]) -> str:
    words = []
    for column in columns:
        value = row.get(column)
        if value is None or value in {"", "unknown", "melanoma"}:
            continue
        words.append(f"{value:g}\u00a0years" if column == "age_approx" else str(value))
    return ", ".join(words)


def most_wrong(
    target: NDArray[np.int64], probability: NDArray[np.float64], most: int = MOST_WRONG
) -> tuple[list[int], list[int]]:
    """Give rows of the highest-scored benign images and of the lowest-scored melanomas."""
    order = np.argsort(-probability, kind="stable")
    benign = [int(index) for index in order if target[index] == 0][:most]
    melanomas = [int(index) for index in order[::-1] if target[index] == 1][:most]
    return benign, melanomas


def patients_to_show(
    patient: NDArray[np.str_], target: NDArray[np.int64], probability: NDArray[np.float64]
) -> tuple[list[tuple[NDArray[np.intp], float]], int]:
    """Choose patients who have both classes, evenly spaced by how well their lesions are ordered.

    ``patient`` is an empty text where it is unknown. Returns, from the best ordered to the worst,
    each patient's rows in order of probability with the AUROC within the patient, and how many
    patients could be chosen from: those with at least 4 lesions, or all where none has so many.
    """
    eligible = _both_classes(patient, target)
    several = [rows for rows in eligible if len(rows) >= _MIN_LESIONS] or eligible
    judged = [(rows, float(auroc(target[rows], probability[rows]))) for rows in several]
    judged.sort(key=lambda one: (-one[1], -len(one[0]), str(patient[one[0][0]])))
    places = np.linspace(0, len(judged) - 1, min(MOST_PATIENTS, len(judged))).round().astype(int)
    chosen = [judged[place] for place in places]
    ordered = [(r[np.argsort(-probability[r], kind="stable")], within) for r, within in chosen]
    return ordered, len(judged)


def _both_classes(patient: NDArray[np.str_], target: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    order = np.argsort(patient, kind="stable")
    starts = np.flatnonzero(np.r_[True, patient[order][1:] != patient[order][:-1]])
    groups = np.split(order, starts[1:])
    return [g for g in groups if patient[g[0]] != "" and 0 < target[g].sum() < len(g)]


def choice_sentence(n_shown: int, n_patients: int) -> str:
    """Say by which rule the patients were chosen."""
    if n_shown == n_patients:
        return "Shown is every patient with both classes and several lesions."
    return (
        f"Shown are {n_shown} of the {numbers.format_count(n_patients)} patients with both classes "
        "and several lesions, evenly spaced from the one whose lesions are ordered best to the "
        "one whose are ordered worst."
    )


def patient_row(cards: Cards, patient_id: str, rows: NDArray[np.intp], within: float) -> PatientRow:
    """Lay one patient's lesions out: at most 16 cards, and a strip that holds all of them.

    ``rows`` are the patient's rows in order of probability, ``within`` their AUROC.
    """
    target, probability = cards.truth(rows)
    melanomas = np.flatnonzero(target == 1) + 1
    pairs = len(melanomas) * (len(rows) - len(melanomas))
    places = _listed([numbers.format_count(place) for place in melanomas.tolist()])
    sentence = (
        f"{numbers.counted(len(rows), 'lesion')}; in order, "
        f"{'the melanoma is' if len(melanomas) == 1 else 'the melanomas are'} number {places}. "
        f"Of {numbers.counted(pairs, 'pair')} of a melanoma and a benign lesion, "
        f"{within * pairs:g} in the right order."
    )
    rest = ""
    if len(rows) > MOST_IN_A_ROW:
        below = int((melanomas > MOST_IN_A_ROW).sum())
        among = numbers.counted(below, "melanoma") if below else "no melanoma"
        rest = (
            f"{numbers.counted(len(rows) - MOST_IN_A_ROW, 'lesion')} with a lower probability "
            f"not shown, {among} among them."
        )
    lesions = tuple(cards.at(int(index)) for index in rows[:MOST_IN_A_ROW])
    words = (f"Probabilities of patient {patient_id}", sentence)
    strips = (
        _strip(780, target, probability, words, cards.logit).markup("wide"),
        _strip(340, target, probability, words, cards.logit).markup("narrow"),
    )
    return PatientRow(patient_id, sentence, lesions, strips, rest)


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _strip(
    width: float,
    target: NDArray[np.int64],
    probability: NDArray[np.float64],
    words: tuple[str, str],
    logit: bool,
) -> Drawing:
    """Draw all of a patient's lesions over one axis of probability, melanomas above benign."""
    scale = probability_scale(14, width - 14, logit=logit)
    drawing = Drawing(width, 66, *words)
    drawing.line(scale.start, 40, scale.end, 40, "axis")
    for tick in scale.ticks():
        drawing.line(scale.at(tick), 40, scale.at(tick), 45, "axis")
        drawing.text(scale.at(tick), 62, f"{tick:g}", "tick", "middle")
    for one in probability[target == 0]:
        drawing.dot(scale.at(float(one)), 30, 5, "benign-mark")
    for one in probability[target == 1]:
        drawing.diamond(scale.at(float(one)), 12, 8, "melanoma-mark")
    return drawing
