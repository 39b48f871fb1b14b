"""Which lesion of this patient is the ugly duckling, and what did context make of each?

One part of a run's page for each of a few patients: the map of the patient's lesions, their places
without and with context, and which number moved them. What is not known is said, not drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from markupsafe import Markup

from cygnet.context.contributions import Contributions
from cygnet.context.learners import sigmoid
from cygnet.context.neighbourhood import (
    Neighbourhood,
    neighbourhood,
    oddness_of,
)
from cygnet.context.relative import rows_of_each
from cygnet.report import numbers
from cygnet.report.figures import Figure
from cygnet.report.lesions import Cards
from cygnet.report.patient_choice import Chosen, PatientRanks, choose_patients, places
from cygnet.report.patient_evidence import PatientEvidence, oddness_sentence, reading, verdict
from cygnet.report.patient_map import (
    WIDE,
    MapOf,
    Tile,
    map_drawings,
    pictures,
    shown_side,
)
from cygnet.report.patient_moves import Moves
from cygnet.report.patient_slope import slope_drawing
from cygnet.report.patient_tables import map_table, moves_table

_SHARP = 2  # pictures are kept at twice the side at which they are shown


@dataclass(frozen=True, slots=True)
class PatientPart:
    """One patient on the page: figures, sentences, and the pictures that the figures use."""

    patient_id: str
    reason: str
    sentences: tuple[str, ...]
    pictures: Markup
    map: Figure
    moves: Figure | None
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatientChapter:
    """All chosen patients, what may be claimed of them, how to read it and how they were chosen."""

    verdict: str
    reading: str
    odd: str
    rule: str
    size: str
    patients: tuple[PatientPart, ...]


def patient_chapter(
    oof: pl.DataFrame, evidence: PatientEvidence, cards: Cards, *, seed: int = 0
) -> PatientChapter | None:
    """Write the chapter; ``None`` where no patient with two lesions is known.

    ``oof`` has the rows of ``evidence.lesions``. Raises :class:`ValueError` where it has not.
    """
    if evidence.lesions.n_images != oof.height:
        raise ValueError(
            f"Lesions of {evidence.lesions.n_images} images do not fit {oof.height} rows."
        )
    oddness = oddness_of(evidence.lesions, evidence.space)
    chosen, rule = choose_patients(_ranked(oof, evidence, oddness))
    if not chosen:
        return None
    parts = tuple(
        _Patient(one, at, oof, evidence, cards).part() for at, one in enumerate(chosen, start=1)
    )
    n_bytes = sum(len(part.pictures) for part in parts)
    return PatientChapter(
        verdict(evidence),
        reading(evidence),
        oddness_sentence(oof, evidence, oddness, seed),
        rule,
        f"The pictures of this chapter take {n_bytes / 1e6:.1f}{numbers.NARROW_SPACE}MB.",
        parts,
    )


def _ranked(
    oof: pl.DataFrame, evidence: PatientEvidence, oddness: np.ndarray
) -> list[PatientRanks]:
    """Rank every patient's images; those without an identifier, alone or in two folds are left."""
    lesions = evidence.lesions
    patient_id = oof["patient_id"].cast(pl.String).to_list()
    target = oof["target"].to_numpy().astype(np.int64)
    found = []
    for rows in rows_of_each(lesions.patient, lesions.n_patients):
        name = patient_id[int(rows[0])]
        if name is None or rows.size < 2 or np.unique(lesions.fold[rows]).size > 1:
            continue
        odd = oddness[rows]
        known = np.isfinite(odd).all() and float(np.ptp(odd)) > 0
        found.append(
            PatientRanks(
                name,
                rows,
                target[rows],
                places(lesions.logit[rows]),
                None if evidence.moved is None else places(evidence.moved.after[rows]),
                int(np.argmax(odd)) if known else None,
            )
        )
    return found


class _Patient:
    """One patient's part: lesions in the order of their last place, so that number is place."""

    def __init__(
        self, chosen: Chosen, at: int, oof: pl.DataFrame, evidence: PatientEvidence, cards: Cards
    ) -> None:
        ranks = chosen.patient
        order = np.argsort(ranks.last)
        self.chosen, self.at, self.evidence = chosen, at, evidence
        self.rows = ranks.rows[order]
        self.before, self.after = ranks.before[order], ranks.last[order]
        self.target = ranks.target[order]
        self.names = [str(name) for name in oof["image_name"].gather(self.rows.tolist())]
        self.probability = oof["probability"].to_numpy().astype(np.float64)[self.rows]
        self.around: Neighbourhood = neighbourhood(evidence.lesions, self.rows, evidence.space)
        self.parts = None if evidence.moved is None else evidence.moved.of(self.rows)
        self.tiles = self._tiles(cards)

    def part(self) -> PatientPart:
        return PatientPart(
            self.chosen.patient.patient_id,
            self.chosen.reason,
            self._sentences(),
            pictures(self.tiles),
            self._map(),
            None if self.parts is None else self._moves_figure(self.parts),
            () if self.parts is None else self._told(self._moves(self.parts)),
        )

    def _moves(self, parts: Contributions) -> Moves:
        return Moves.of(self.before, self.after, parts)

    def _tiles(self, cards: Cards) -> list[Tile]:
        side = round(_SHARP * shown_side(len(self.rows), WIDE))
        return [
            Tile(
                f"picture-{self.at}-{number}",
                number,
                bool(self.target[number - 1]),
                f"{number}: {cards.at(int(row)).alternative}",
                cards.picture(int(row), side),
            )
            for number, row in enumerate(self.rows.tolist(), start=1)
        ]

    def _name(self, at: int) -> str:
        truth = "melanoma" if self.target[at] else "benign"
        return f"Number {at + 1} ({self.names[at]}, {truth})"

    def _sentences(self) -> tuple[str, ...]:
        n, melanomas = len(self.rows), np.flatnonzero(self.target == 1) + 1
        said = [f"{numbers.counted(n, 'lesion')}, {_melanomas(melanomas.tolist())}."]
        if n > np.unique(self.evidence.lesions.lesion[self.rows]).size:
            said[0] = said[0][:-1] + "; some are images of one lesion."
        odd = self.around.duckling
        if odd is None:
            said.append("Too few lesions, or none unlike another: none is called the duckling.")
            return tuple(said)
        near = [str(one + 1) for one in self.around.nearest[odd].tolist()]
        places_ = f"The image model puts it at place {self.before[odd]}"
        if self.parts is not None and self.after[odd] == self.before[odd]:
            places_ += ", and so does context"
        elif self.parts is not None:
            places_ += f", context at {self.after[odd]}"
        word = "melanoma" if self.target[odd] else "benign"
        said.append(
            f"The duckling is number {odd + 1}, {word}; nearest to it lie "
            f"{'number ' if len(near) == 1 else 'numbers '}{_listed(near)}. {places_}."
        )
        return tuple(said)

    def _told(self, moves: Moves) -> tuple[str, ...]:
        n_moved = int(np.count_nonzero(moves.before != moves.after))
        if n_moved == 0:
            return ("Context moves no lesion of this patient.",)
        odd = self.around.duckling
        always = [*np.flatnonzero(self.target == 1).tolist(), *([] if odd is None else [odd])]
        telling = moves.telling(always)
        head = f"Context moves {n_moved} of {numbers.counted(len(self.rows), 'lesion')}."
        kept = [str(at + 1) for at in always if moves.before[at] == moves.after[at]]
        if kept:
            kept = list(dict.fromkeys(kept))
            one = len(kept) == 1
            head += (
                f" Of melanomas and the duckling, {'number' if one else 'numbers'} "
                f"{_listed(kept)} {'keeps its place' if one else 'keep their places'}."
            )
        if n_moved > len(telling):
            head += " Told are melanomas, the duckling and those moved most; the table has all."
        return (head, *(moves.sentence(at, self._name(at)) for at in telling))

    def _map(self) -> Figure:
        patient = self.chosen.patient.patient_id
        odd = self.around.duckling
        described = f"{len(self.rows)} lesions" + (
            "" if odd is None else f"; the duckling is number {odd + 1}"
        )
        drawn = MapOf(
            f"Map of the lesions of patient {patient}",
            described,
            self.around.position,
            self.tiles,
            odd,
            self.around.nearest,
        )
        title = f"Map of {patient}"
        return Figure(
            f"patient-map-{self.at}",
            title,
            self._caption(),
            map_drawings(drawn),
            map_table(title, self.names, self.target, self.around),
        )

    def _caption(self) -> str:
        if self.evidence.space is None:
            return "Without embeddings: to the right is a higher score, and nothing else."
        if np.isnan(self.around.share):
            return "The network tells no difference between these lesions."
        return (
            f"The map keeps {numbers.format_share(self.around.share)} of the squared distances "
            f"(stress {numbers.format_number(self.around.stress, 2)}; 0 would be true)."
        )

    def _moves_figure(self, parts: Contributions) -> Figure:
        patient = self.chosen.patient.patient_id
        moves = self._moves(parts)
        odd = self.around.duckling
        n_moved = int(np.count_nonzero(moves.before != moves.after))
        drawing = slope_drawing(
            f"Places of the lesions of patient {patient}",
            f"{n_moved} of {len(self.rows)} change their place with context",
            moves,
            self.tiles,
            odd,
        )
        title = f"Places of {patient}, without and with context"
        caption = (
            "Places by the score alone and with context; 1 is the most suspicious. A diamond is a "
            "melanoma, a square the duckling."
        )
        rows = moves_table(
            title, self.names, self.target, self.probability, sigmoid(parts.after), moves
        )
        return Figure(f"patient-moves-{self.at}", title, caption, (drawing,), rows)


def _melanomas(at: Sequence[int]) -> str:
    if not at:
        return "none a melanoma"
    listed = _listed([str(one) for one in at])
    return f"{numbers.counted(len(at), 'melanoma')}: number{'' if len(at) == 1 else 's'} {listed}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
