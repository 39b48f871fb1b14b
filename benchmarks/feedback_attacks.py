"""How far does the public board lead, and how far does it mislead? Attackers and honest teams.

    python benchmarks/feedback_attacks.py [--seeds 10] [--write]

A test set of ISIC 2020's shape is drawn for each seed: 690 patients with the images and melanomas
of training patients, 30 % of the patients public. Attackers send files without knowledge and weigh
them by what they are told, or perturb a real model; honest teams improve theirs. What several
boards would have told is measured on the same files. An attack's figure is the true public AUROC
that it reaches: by the best of four ways to weigh, chosen with the truth in hand, which no attacker
can.
``--write`` writes ``docs/results/feedback.md`` and ``feedback.json``.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from cygnet.challenge.feedback import LadderState, Said, floored, told
from cygnet.challenge.scoring import part_score
from cygnet.evaluation.placement import auroc
from feedback_boards import (
    BOARDS,
    KINDS,
    N_PATIENTS,
    RULES,
    Contest,
    Files,
    Floats,
    cygnet_board,
    draw_contest,
    exact_board,
    plain_ladder,
    random_files,
    scored,
)

SCHEDULES = ((450, 1), (150, 3), (90, 5))
N_TEAMS = 20
SEPARATION = 1.528  # of normal scores with an AUROC of 0.86
NOISES = (0.25, 0.5, 1.0)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
HONEST_TEAMS, HONEST_FILES = 40, 5
Table = dict[str, list[float]]


def attack_by_random_files(
    contest: Contest, rng: np.random.Generator, into: dict[str, Table]
) -> None:
    """Add the AUROC that each kind of random file reaches on each board and schedule."""
    part = contest.part
    for kind in KINDS:
        files = random_files(kind, 450, contest, rng)
        scores, together = scored(contest, files), Files.of(files)
        for teams, each in SCHEDULES:
            table = into.setdefault(f"{teams} teams x {each}", {})
            by_team = [scores[t * each : (t + 1) * each] for t in range(teams)]
            for name, board in BOARDS.items():
                made = together.weighted(board(part, by_team).ravel())
                reached = [auroc(part.sample.target, one[part.positions]) for one in made]
                table.setdefault(f"{name}|{kind}", []).append(max(reached, default=0.5))


def climb(contest: Contest, rng: np.random.Generator, teams: int, each: int) -> float:
    """Attack Cygnet's board round by round: each file is what was learnt, and chance.

    Where nothing is told, the next round is as blind as the first.
    """
    part, n = contest.part, contest.n_images
    states, whole = [LadderState() for _ in range(teams)], LadderState()
    files: list[Floats] = []
    answers = [0.5]
    learnt = np.zeros(n)
    for _ in range(each):
        for team in range(teams):
            file = learnt + rng.normal(size=n)
            one = part_score(part, file)
            made = told(part, one, submission_id="", team=states[team], contest=whole, rules=RULES)
            states[team], whole = made.team, made.contest
            if made.feedback.said is not Said.NO_STEP:
                files.append(file)
                answers.append(made.feedback.auroc)
        if max(answers) > 0.5:
            together = Files.of(np.array(files, dtype=np.float32))
            learnt = together.weighted(np.array(answers[1:]))[0]
            learnt /= learnt.std()
    if not learnt.any():
        return 0.5
    return auroc(part.sample.target, learnt[part.positions])


def attack_by_perturbing(
    contest: Contest, rng: np.random.Generator, into: dict[str, Table]
) -> None:
    """Add what twenty teams gain that perturb one real model; a list of gains, one a share."""
    part, n = contest.part, contest.n_images
    base = SEPARATION * contest.target + rng.normal(size=n)
    base = (base - base.mean()) / base.std()
    before = auroc(part.sample.target, base[part.positions])
    for unit in ("image", "patient"):
        for noise in NOISES:
            count = N_TEAMS * 5
            drawn = (
                rng.normal(size=(count, n))
                if unit == "image"
                else rng.normal(size=(count, N_PATIENTS))[:, contest.patient]
            )
            scores = [part_score(part, base + noise * one) for one in drawn]
            for each in (1, 5):
                asked = np.arange(count).reshape(N_TEAMS, 5)[:, :each]
                by_team = [[scores[i] for i in team] for team in asked]
                table = into.setdefault(f"{N_TEAMS} teams x {each}", {})
                for name, board in (
                    ("exact scores", exact_board),
                    ("a plain Ladder a team", plain_ladder),
                    ("Cygnet, verified teams", cygnet_board),
                ):
                    answers = board(part, by_team).ravel()
                    # What did not move lies somewhere below: as if a little under the mean.
                    weights = np.where(np.isnan(answers), -0.005, answers - np.nanmean(answers))
                    direction = weights @ drawn[asked.ravel()]
                    direction /= direction.std() or 1.0
                    for share in SHARES:
                        after = auroc(
                            part.sample.target, (base + share * direction)[part.positions]
                        )
                        key = f"{name}|{unit}, noise {noise}|{share}"
                        table.setdefault(key, []).append(after - before)


def honest_teams(contest: Contest, rng: np.random.Generator, into: Table) -> None:
    """Add how far honest teams' numbers lie from the truth, and whether their order is kept."""
    part, n = contest.part, contest.n_images
    shared = rng.normal(size=n)
    quality = rng.uniform(0.9, 2.4, HONEST_TEAMS)
    first_error, loss, released, best = [], [], [], []
    whole = LadderState()
    for separation in quality:
        own = 0.7 * shared + 0.5 * rng.normal(size=n)
        state, exact = LadderState(), []
        for k in range(HONEST_FILES):
            better = separation + 0.05 * k
            one = part_score(part, own + 0.5 * rng.normal(size=n) + better * contest.target)
            made = told(part, one, submission_id="", team=state, contest=whole, rules=RULES)
            state, whole = made.team, made.contest
            exact.append(one.auroc)
            if k == 0 and made.feedback.said is Said.NEW_BEST:
                first_error.append(one.auroc - state.released)
        loss.append(max(exact) - state.released)
        released.append(state.released)
        best.append(max(exact))
    into.setdefault("largest_error_of_a_first_number", []).append(max(first_error))
    into.setdefault("mean_loss_at_the_end", []).append(float(np.mean(loss)))
    into.setdefault("largest_loss_at_the_end", []).append(max(loss))
    order = spearmanr(released, best).statistic
    into.setdefault("spearman_of_released_and_exact_best", []).append(float(order))


def one_changed_row(contest: Contest, rng: np.random.Generator, into: Table) -> None:
    """Count how often one changed row moves a team's number, and another new team's first one."""
    part = contest.part
    base = SEPARATION * contest.target + rng.normal(size=contest.n_images)
    one = part_score(part, base)
    state = told(
        part, one, submission_id="", team=LadderState(), contest=LadderState(), rules=RULES
    ).team
    malignant = part.positions[part.sample.target]
    benign = rng.choice(part.positions[~part.sample.target], 60, replace=False)
    changed = [(i, base.max() + 1) for i in malignant] + [(i, base.min() - 1) for i in malignant]
    changed += [(i, base.min() - 1) for i in benign] + [(i, base.max() + 1) for i in benign]
    moved = other = 0
    for row, value in changed:
        file = base.copy()
        file[row] = value
        made = told(
            part,
            part_score(part, file),
            submission_id="",
            team=state,
            contest=LadderState(),
            rules=RULES,
        )
        moved += made.feedback.auroc != state.released
        again = told(
            part,
            part_score(part, file),
            submission_id="",
            team=LadderState(),
            contest=LadderState(),
            rules=RULES,
        )
        other += again.feedback.auroc != state.released
    into.setdefault("rows_changed", []).append(len(changed))
    into.setdefault("moved_the_team", []).append(moved)
    into.setdefault("other_first_number_of_a_new_team", []).append(other)
    into.setdefault("error_of_the_number", []).append(one.auroc - floored(one.auroc, RULES.grid))


def study(seeds: int) -> dict[str, object]:
    """Run all of it; the tables hold a figure a seed."""
    start = time.process_time()
    random: dict[str, Table] = {}
    perturbed: dict[str, Table] = {}
    climbed: Table = {}
    honest: Table = {}
    row: Table = {}
    shape: Table = {}
    for seed in range(seeds):
        rng = np.random.default_rng([2020, seed])
        contest = draw_contest(rng)
        sample = contest.part.sample
        shape.setdefault("images", []).append(contest.n_images)
        shape.setdefault("public_images", []).append(sample.n_images)
        shape.setdefault("public_melanomas", []).append(sample.n_positive)
        shape.setdefault("public_patients_with_melanoma", []).append(sample.n_patients_positive)
        attack_by_random_files(contest, rng, random)
        for teams, each in SCHEDULES[1:]:
            reached = climb(contest, rng, teams, each)
            climbed.setdefault(f"{teams} teams x {each}", []).append(reached)
        attack_by_perturbing(contest, rng, perturbed)
        honest_teams(contest, rng, honest)
        one_changed_row(contest, rng, row)
        print(f"seed {seed}: {time.process_time() - start:.0f} s", file=sys.stderr)
    return {
        "seeds": seeds,
        "seconds": round(time.process_time() - start, 1),
        "shape": shape,
        "random_files": random,
        "climbing": climbed,
        "perturbing": perturbed,
        "honest": honest,
        "one_row": row,
    }


def main() -> None:
    """Run the study, print its tables, and write them where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    from feedback_tables import page

    result = study(given.seeds)
    text = page(result)
    print(text)
    if given.write:
        folder = Path(__file__).resolve().parents[1] / "docs" / "results"
        (folder / "feedback.md").write_text(text, encoding="utf-8")
        document = json.dumps(result, indent=1, default=float)
        (folder / "feedback.json").write_text(document + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
