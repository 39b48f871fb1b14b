"""Which numbers would a board have told of these files? Cohorts, boards and attackers' files.

For ``feedback_attacks.py``. A board is asked with the files of many teams, a row a team, and
answers with a number a file, NaN where it told nothing new.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.challenge.feedback import LadderState, Said, told
from cygnet.challenge.scoring import PartScore, difference_error, part_score
from cygnet.challenge.settings import FeedbackRules
from cygnet.challenge.truth import ContestTruth, Part, Usage, part_of, split_truth

Floats = NDArray[np.float64]
RULES = FeedbackRules()
N_PATIENTS = 690
CLUSTERS = Path(__file__).with_name("isic2020_clusters.csv")


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """A test set with its public part; ``patient`` and ``target`` are ``(n_images,)``."""

    part: Part
    patient: NDArray[np.intp]
    target: Floats

    @property
    def n_images(self) -> int:
        """How many images both parts have."""
        return int(self.target.size)


def draw_contest(rng: np.random.Generator) -> Contest:
    """Draw 690 of the training set's 2,056 patients, with their images and melanomas."""
    shapes: list[tuple[int, int]] = []
    with CLUSTERS.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            shapes += [(int(row["images"]), int(row["melanomas"]))] * int(row["patients"])
    chosen = [shapes[i] for i in rng.choice(len(shapes), N_PATIENTS, replace=False)]
    patient = np.repeat(np.arange(N_PATIENTS), [images for images, _ in chosen])
    target = np.concatenate([np.arange(images) < melanomas for images, melanomas in chosen])
    table = pl.DataFrame(
        {
            "image_name": [f"ISIC_{i:07d}" for i in range(target.size)],
            "patient_id": [f"IP_{p:07d}" for p in patient],
            "target": target.astype(np.int8),
            "usage": pl.Series([None] * target.size, dtype=pl.String),
        }
    )
    truth = split_truth(ContestTruth(table), rng.bytes(32))
    return Contest(part_of(truth, Usage.PUBLIC), patient, target.astype(np.float64))


Scores = list[list[PartScore]]
Board = Callable[[Part, Scores], Floats]


def exact_board(part: Part, scores: Scores) -> Floats:
    """Tell every score exactly, as most platforms do."""
    del part
    return np.array([[one.auroc for one in team] for team in scores])


def plain_ladder(part: Part, scores: Scores) -> Floats:
    """Keep a Ladder a team: the first score exactly, then what exceeds the best by a step."""
    answers = np.full((len(scores), len(scores[0])), np.nan)
    for answer, team in zip(answers, scores, strict=True):
        best = team[0]
        answer[0] = best.auroc
        for k, one in enumerate(team[1:], start=1):
            if one.auroc > best.auroc + difference_error(part, one, best):
                best, answer[k] = one, one.auroc
    return answers


def delong_gate(part: Part, scores: Scores) -> Floats:
    """Say "above chance" four cluster-DeLong errors above 0.5: 1, else 0.5."""
    del part
    gate = RULES.gate_errors
    return np.array(
        [[1.0 if one.auroc > 0.5 + gate * one.standard_error else 0.5 for one in t] for t in scores]
    )


def cygnet_board(part: Part, scores: Scores) -> Floats:
    """Tell a verified team what Cygnet tells it."""
    answers = np.full((len(scores), len(scores[0])), np.nan)
    contest = LadderState()
    for answer, team in zip(answers, scores, strict=True):
        state = LadderState()
        for k, one in enumerate(team):
            made = told(part, one, submission_id="", team=state, contest=contest, rules=RULES)
            state, contest = made.team, made.contest
            if k == 0 or made.feedback.said is Said.NEW_BEST:
                answer[k] = made.feedback.auroc
    return answers


def unverified_board(part: Part, scores: Scores) -> Floats:
    """Tell an unverified team whether it beats the contest's best: 1, else 0.5."""
    contest, answers = LadderState(), np.full((len(scores), len(scores[0])), 0.5)
    for answer, team in zip(answers, scores, strict=True):
        for k, one in enumerate(team):
            made = told(
                part, one, submission_id="", team=LadderState(), contest=contest, rules=RULES
            )
            contest = made.contest
            answer[k] = 1.0 if made.feedback.beats_contest else 0.5
    return answers


BOARDS: dict[str, Board] = {
    "exact scores": exact_board,
    "a plain Ladder a team": plain_ladder,
    "a gate by cluster DeLong alone": delong_gate,
    "Cygnet, verified teams": cygnet_board,
    "Cygnet, unverified teams": unverified_board,
}


def scored(contest: Contest, files: NDArray[np.float32]) -> list[PartScore]:
    """Score files ``(n_files, n_images)`` on the public part."""
    return [part_score(contest.part, one.astype(np.float64)) for one in files]


def random_files(
    kind: str, n_files: int, contest: Contest, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw files without knowledge ``(n_files, n_images)``, of one kind of :data:`KINDS`."""
    patient, n = contest.patient, contest.n_images
    by_image = rng.random((n_files, n), dtype=np.float32)
    if kind == "each image":
        return by_image
    by_patient = rng.random((n_files, N_PATIENTS), dtype=np.float32)[:, patient]
    if kind == "each patient":
        return by_patient
    if kind == "each small patient":
        return np.where(np.bincount(patient)[patient] > 40, by_image, by_patient)
    made = np.full((n_files, n), 0.5, dtype=np.float32)
    for one in made:
        marked = _marked(kind, patient, rng)
        one[marked] = 1.0 if "high" in kind else 0.0
    return made


KINDS = (
    "each image",
    "each patient",
    "each small patient",
    "60 images low",
    "200 images low",
    "80 patients low",
    "30 patients high",
)


def _marked(
    kind: str, patient: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.intp] | NDArray[np.bool_]:
    """Choose the images that a file sets apart: whole patients, or one image a patient."""
    count = int(kind.split(maxsplit=1)[0])
    if "patients" in kind:
        return np.isin(patient, rng.choice(N_PATIENTS, count, replace=False))
    order = rng.permutation(patient.size)
    _, first = np.unique(patient[order], return_index=True)
    return np.asarray(rng.choice(order[first], count, replace=False))


@dataclass(frozen=True, slots=True, eq=False)
class Files:
    """An attacker's files ``(n_files, n_images)``, centred, with their products."""

    apart: NDArray[np.float32]
    length: NDArray[np.float32]
    gram: Floats

    @classmethod
    def of(cls, files: NDArray[np.float32]) -> "Files":
        """Centre the files and multiply each with each, once for all boards."""
        apart = files - files.mean(axis=1, keepdims=True)
        length = apart.std(axis=1)
        gram = (apart @ apart.T).astype(np.float64) / files.shape[1]
        return cls(apart, np.where(length > 0, length, 1), gram)

    def weighted(self, answers: Floats) -> list[Floats]:
        """Combine the files by what was told of them, four ways; none where nothing was told."""
        known = np.isfinite(answers)
        worth = np.where(known, answers - 0.5, 0.0)
        if not worth.any():
            return []
        centred = np.where(known, answers - answers[known].mean(), 0.0)
        weights = [worth / self.length, centred / self.length]
        for ridge in (0.01, 0.1):
            loaded = self.gram + ridge * np.trace(self.gram) / len(self.gram) * np.eye(worth.size)
            weights.append(np.linalg.solve(loaded, worth))
        return [
            np.asarray(one.astype(np.float32) @ self.apart, dtype=np.float64) for one in weights
        ]
