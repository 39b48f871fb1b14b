"""What context makes of a lesion adds up, number by number, for every learner; nothing leaks in."""

from dataclasses import replace

import numpy as np
import pytest

from context_cohort import draw_cohort, lesions_of
from cygnet.context import contributions as module
from cygnet.context.contributions import Contributions, contributions, held_out_contributions
from cygnet.context.features import OWN, Features
from cygnet.context.learners import Line, Trees
from cygnet.context.lesions import Lesions, Scale
from cygnet.context.nested import context_arm, fit, folds_of, lesion_weights
from cygnet.context.set_network import fitted_from_json
from cygnet.context.stage import Stage
from cygnet.errors import InputError
from cygnet.evaluation.recalibration import clipped_logit

LEARNERS = ("raw", "rule", "linear", "splines", "trees")


def with_looks(lesions: Lesions, seed: int = 5) -> Lesions:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(lesions.n_images, 6)).astype(np.float32)
    points[:, 0] += lesions.logit.astype(np.float32)
    return replace(lesions, embedding=points)


def stage_of(lesions: Lesions, target: np.ndarray, name: str) -> Stage:
    features = Features.of(lesions)
    columns = features.columns(lesions)
    known = {one.name: one for one in context_arm(lesions).candidates}
    weight = lesion_weights(lesions)
    return Stage(
        name,
        fit(known[name], columns, target, weight),
        fit(known["raw"], columns, target, weight),
        Scale.of(lesions.logit, lesions.fold),
        features,
        supported=True,
    )


@pytest.fixture(scope="module")
def cohort() -> tuple[Lesions, np.ndarray]:
    lesions, target = lesions_of(draw_cohort(21, n_patients=120))
    return with_looks(lesions), target


@pytest.mark.parametrize("name", LEARNERS)
def test_the_parts_add_up_to_the_change_in_logit(
    cohort: tuple[Lesions, np.ndarray], name: str
) -> None:
    lesions, target = cohort
    stage = stage_of(lesions, target, name)
    found = contributions(stage, lesions)
    assert np.abs(found.parts.sum(axis=1) - (found.after - found.before)).max() < 1e-9
    assert found.after == pytest.approx(clipped_logit(stage(lesions)), abs=1e-6)
    assert found.before == pytest.approx(
        clipped_logit(stage.raw(stage.features.columns(lesions))), abs=1e-6
    )
    assert found.names[0] == OWN
    assert found.parts.shape == found.values.shape == (lesions.n_images, len(found.names))


def test_the_raw_score_moves_nothing_and_the_others_do(
    cohort: tuple[Lesions, np.ndarray],
) -> None:
    lesions, target = cohort
    assert np.abs(contributions(stage_of(lesions, target, "raw"), lesions).parts).max() < 1e-12
    found = contributions(stage_of(lesions, target, "linear"), lesions)
    assert len(found.names) == 10
    assert (np.abs(found.parts).max(axis=0) > 1e-4).all()


def test_a_lines_part_is_its_weight_times_the_standardised_number_less_that_at_zero() -> None:
    lesions, target = lesions_of(draw_cohort(22, n_patients=40))
    stage = stage_of(lesions, target, "rule")
    line = Line("linear", (OWN, "shrunk_level"), {}, (1.0, 0.5), (2.0, 0.25), (1.0, -0.5), 0.1)
    raw = Line("raw", (OWN,), {}, (0.0,), (1.0,), (1.5,), 0.2)
    found = contributions(replace(stage, fitted=line, raw=raw), lesions)
    level = stage.features.columns(lesions)["shrunk_level"]
    assert found.parts[:, 1] == pytest.approx(-0.5 * level / 0.25)
    # At a level of 0: 0.1 + (z - 1) / 2 + 0.5 * 0.5 / 0.25; less what the raw line gives.
    new, old = 0.1 + (lesions.logit - 1) / 2 + 1.0, 0.2 + 1.5 * lesions.logit
    assert found.parts[:, 0] == pytest.approx(new - old)


def test_a_number_at_zero_adds_nothing_to_a_curve(cohort: tuple[Lesions, np.ndarray]) -> None:
    lesions, target = cohort
    fitted = stage_of(lesions, target, "splines").fitted
    zero = {name: np.zeros(3) for name in fitted.names}
    parts = fitted.parts(zero)
    assert np.abs(parts[:, :-1]).max() == 0
    assert fitted(zero) == pytest.approx(1 / (1 + np.exp(-parts[:, -1])))


def test_the_parts_of_trees_are_those_of_the_trees_that_were_written_down(
    cohort: tuple[Lesions, np.ndarray],
) -> None:
    lesions, target = cohort
    stage = stage_of(lesions, target, "trees")
    assert isinstance(stage.fitted, Trees)
    columns = stage.features.columns(lesions)
    again = fitted_from_json(stage.fitted.as_json())
    assert np.array_equal(again.parts(columns), stage.fitted.parts(columns))
    # The order of the columns does not matter, only their names.
    turned = dict(reversed(list(columns.items())))
    assert np.array_equal(stage.fitted.parts(turned), stage.fitted.parts(columns))


def test_a_patients_only_lesion_is_not_moved() -> None:
    table = draw_cohort(23, n_patients=60)
    lone = table["patient_id"].is_first_distinct() & (table["patient_id"] < "IP_0000010")
    kept = table.filter(lone | (table["patient_id"] >= "IP_0000010"))
    lesions, target = lesions_of(kept)
    alone = lesions.counts()[1] == 1
    assert alone.sum() == 10
    for found in (
        contributions(stage_of(lesions, target, "linear"), lesions),
        held_out_contributions(stage_of(lesions, target, "linear"), lesions, target),
    ):
        assert (found.parts[alone] == 0).all()
        assert np.array_equal(found.before[alone], found.after[alone])
        assert (found.parts[~alone] != 0).any(axis=1).all()


@pytest.mark.parametrize("name", ["linear", "trees"])
def test_held_out_parts_are_those_of_a_stage_fitted_on_the_other_folds(
    cohort: tuple[Lesions, np.ndarray], name: str
) -> None:
    lesions, target = cohort
    stage = stage_of(lesions, target, name)
    found = held_out_contributions(stage, lesions, target, seed=4)
    assert np.abs(found.parts.sum(axis=1) - (found.after - found.before)).max() < 1e-9
    outer = folds_of(lesions, target, k=5, seed=4)
    columns = stage.features.columns(lesions)
    known = {one.name: one for one in context_arm(lesions).candidates}
    fitting = outer != 2
    weight = lesion_weights(lesions)
    here = {key: values[fitting] for key, values in columns.items()}
    there = {key: values[~fitting] for key, values in columns.items()}
    other = fit(known[name], here, target[fitting], weight[fitting])
    expected = other(there)
    assert 1 / (1 + np.exp(-found.after[~fitting])) == pytest.approx(expected)


def test_a_patients_own_labels_do_not_reach_their_held_out_parts(
    cohort: tuple[Lesions, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    lesions, target = cohort
    fixed = folds_of(lesions, target, k=5, seed=0)
    monkeypatch.setattr(module, "folds_of", lambda *_, **__: fixed)
    stage = stage_of(lesions, target, "linear")
    inside = fixed == 3
    turned = np.where(inside, 1 - target, target)
    one = held_out_contributions(stage, lesions, target)
    other = held_out_contributions(stage, lesions, turned)
    assert np.array_equal(one.parts[inside], other.parts[inside])
    assert not np.array_equal(one.parts[~inside], other.parts[~inside])


def test_a_learner_that_is_not_known_is_refused(cohort: tuple[Lesions, np.ndarray]) -> None:
    lesions, target = cohort
    stage = replace(stage_of(lesions, target, "raw"), chosen="oracle")
    with pytest.raises(InputError, match="oracle"):
        held_out_contributions(stage, lesions, target)


def test_those_of_some_images_are_taken_by_row() -> None:
    numbers = np.arange(6.0)
    whole = Contributions(
        ("logit",), numbers[:, None], numbers[:, None], numbers, numbers + numbers
    )
    some = whole.of(np.array([4, 1]))
    assert some.parts.tolist() == [[4.0], [1.0]]
    assert some.after.tolist() == [8.0, 2.0]
