"""Context helps where patients have a signature and not where they have none; leaks are caught."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from context_cohort import draw_cohort, lesions_of
from cygnet.context import nested
from cygnet.context.judgement import Judgement, judge
from cygnet.context.learners import COUNT
from cygnet.context.nested import arm
from cygnet.context.trials import Task, run_task, tasks_of, thinned
from cygnet.evaluation import auroc


def judged(seed: int, **options: float) -> Judgement:
    lesions, target = lesions_of(draw_cohort(seed, n_patients=260, **options))  # type: ignore[arg-type]
    tasks = tasks_of(lesions, target, n_splits=2, n_placebos=3, n_draws=2)
    return judge(lesions, target, [run_task(task) for task in tasks])


@pytest.fixture(scope="module")
def helped() -> Judgement:
    return judged(11, signature=2.0)


def test_a_signature_is_found_three_ways_and_nothing_is_found_in_dealt_scores(
    helped: Judgement,
) -> None:
    for pair in (helped.difference, helped.difference_given_count, helped.difference_thinned):
        assert pair.difference.lower > 0.02
    assert helped.supported
    assert helped.placebo.lower < 0.5 < helped.placebo.upper
    assert helped.within.difference.estimate > -0.01


def test_without_a_signature_nothing_is_claimed() -> None:
    judgement = judged(12, signature=0.0)
    assert not judgement.supported
    assert judgement.difference_thinned.difference.lower < 0
    assert abs(judgement.difference_given_count.difference.estimate) < 0.02


def test_the_document_has_the_keys_of_the_contract(helped: Judgement) -> None:
    document = helped.as_json()
    for key in ("without", "with", "difference", "difference_given_count", "difference_thinned"):
        assert key in document
    assert {"placebo", "supported", "chosen", "artefacts"} <= set(document)
    difference = document["difference"]
    assert isinstance(difference, dict)
    assert {"a", "b", "metric", "estimate", "lower", "upper", "p_value", "p_holm"} <= set(
        difference
    )
    assert (difference["a"], difference["b"]) == ("without", "with")


def test_a_planted_leak_of_the_count_is_caught_by_the_placebo() -> None:
    lesions, target = lesions_of(draw_cohort(13, n_patients=260))
    leaking = arm("with", context=True, also=(COUNT,))
    tasks = [Task("placebo", lesions, target, seed, (leaking,)) for seed in range(3)]
    splits = tasks_of(lesions, target, n_splits=1, n_placebos=0, n_draws=0)
    judgement = judge(lesions, target, [run_task(task) for task in (*splits, *tasks)])
    assert judgement.placebo.lower > 0.5
    assert not judgement.supported


def test_labels_of_the_scored_fold_do_not_reach_its_predictions() -> None:
    lesions, target = lesions_of(draw_cohort(14, n_patients=120))
    task = Task("split", lesions, target, 0, (nested.context_arm(lesions),))
    before = run_task(task).predicted[0].probability
    fold = nested.folds_of(lesions, target, k=nested.N_OUTER, seed=0)
    # Labels of one fold are dealt anew among its own melanoma-bearing patients' images, so that the
    # folds themselves stay the same.
    changed = target.copy()
    rng = np.random.default_rng(0)
    for patient in np.unique(lesions.patient[fold == 0]):
        rows = np.flatnonzero(lesions.patient == patient)
        changed[rows] = rng.permutation(changed[rows])
    assert (changed != target).any()
    after = run_task(replace(task, target=changed)).predicted[0].probability
    assert np.array_equal(before[fold == 0], after[fold == 0])
    assert not np.array_equal(before[fold != 0], after[fold != 0])


def test_a_lone_lesion_keeps_its_rank_among_lone_lesions() -> None:
    table = draw_cohort(15, n_patients=150)
    lone = draw_cohort(16, n_patients=60).unique("patient_id", keep="first", maintain_order=True)
    lone = lone.with_columns(
        patient_id="lone" + lone["patient_id"],
        image_name="lone" + lone["image_name"],
        lesion_id="lone" + lone["lesion_id"],
    )
    lesions, target = lesions_of(table.vstack(lone))
    made = run_task(
        Task("split", lesions, target, 0, (nested.WITHOUT, nested.context_arm(lesions)))
    )
    without, with_context = (one.probability for one in made.predicted)
    alone = lesions.counts()[1] == 1
    fold = nested.folds_of(lesions, target, k=nested.N_OUTER, seed=0)
    for one in range(nested.N_OUTER):
        rows = alone & (fold == one)
        assert np.array_equal(np.argsort(lesions.logit[rows]), np.argsort(with_context[rows]))
    assert auroc(target, with_context) > auroc(target, without)


def test_thinned_patients_have_equal_numbers_and_the_others_are_left_out() -> None:
    lesions, _ = lesions_of(draw_cohort(17, n_patients=80))
    images = thinned(lesions, 8, np.random.default_rng(0))
    counts = np.bincount(lesions.patient[images])
    assert set(counts[counts > 0].tolist()) == {8}
    whole = np.bincount(lesions.patient)
    assert np.count_nonzero(counts) == np.count_nonzero(whole >= 8)


def test_the_same_seed_gives_the_same_trial_and_the_count_stands_in_both_arms() -> None:
    lesions, target = lesions_of(draw_cohort(18, n_patients=100))
    task = tasks_of(lesions, target, n_splits=1, n_placebos=0, n_draws=0)[0]
    assert [one.name for one in task.arms] == ["without", "with", "without", "with"]
    assert all(
        COUNT in one.sees
        for place in (2, 3)
        for one in task.arms[place].candidates[1:]
        if one.name != "rule"
    )
    first, again = run_task(task), run_task(task)
    assert np.array_equal(first.predicted[1].probability, again.predicted[1].probability)


def test_too_few_melanomas_say_why_there_is_no_thinned_difference() -> None:
    table = draw_cohort(19, n_patients=60).filter(pl.int_range(pl.len()).over("patient_id") < 5)
    lesions, target = lesions_of(table)
    tasks = tasks_of(lesions, target, n_splits=1, n_placebos=2, n_draws=1)
    assert {task.kind for task in tasks} == {"split", "placebo"}
    judgement = judge(lesions, target, [run_task(task) for task in tasks])
    assert judgement.difference_thinned.difference.reason is not None
    assert not judgement.supported
