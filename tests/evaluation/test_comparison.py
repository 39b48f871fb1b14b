import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import t as student
from scipy.stats import ttest_rel

from cygnet.errors import InputError
from cygnet.evaluation import COMPARABLE, auroc, brier_score, compare, log_loss, score_card
from cygnet.evaluation.comparison import Comparison
from cygnet.evaluation.estimate import Estimate
from cygnet.evaluation.jackknife import jackknife_deviations

BESIDE = ("cluster_delong", "delong", "cluster_bootstrap_percentile", "cluster_bootstrap_bca")
SIDES = ("lower", "upper")


class Cohort:
    """Three models on the images of ``n`` patients, three each, ``n_positive`` with a melanoma."""

    def __init__(self, rng: np.random.Generator, n: int = 80, n_positive: int = 50) -> None:
        self.patient = np.repeat(np.arange(n), 3)
        self.target = np.zeros(3 * n, dtype=int)
        self.target[: 3 * n_positive : 3] = 1
        shared = rng.normal(size=3 * n)
        self.scores = {
            name: expit(shared + rng.normal(size=3 * n) + slope * self.target - 1).round(2)
            for name, slope in (("weak", 0.5), ("good", 1.5), ("best", 2.0))
        }
        self.weights = rng.uniform(0.2, 3.0, 3 * n)

    def compare(self, **options: Any) -> Comparison:
        taken = {"replicates": 0, **options}
        return compare(self.target, self.scores, self.patient, **taken)


@pytest.fixture
def cohort(rng: np.random.Generator) -> Cohort:
    return Cohort(rng)


def limits(one: Estimate) -> list[float]:
    joint = (one.details["simultaneous_lower"], one.details["simultaneous_upper"])
    assert one.has_interval
    return [one.lower, one.upper, *(side for side in joint if isinstance(side, float))]


@pytest.mark.parametrize(
    ("metric", "number"), [("auroc", auroc), ("brier_score", brier_score), ("log_loss", log_loss)]
)
@pytest.mark.parametrize("weighted", [False, True])
def test_each_pair_is_the_jackknife_over_patients_without_a_logit(
    cohort: Cohort, metric: str, number: Callable[..., float], weighted: bool
) -> None:
    weights = cohort.weights if weighted else np.ones(cohort.target.size)
    made = cohort.compare(metrics=[metric], weights=cohort.weights if weighted else None).pairs
    assert [(one.a, one.b) for one in made] == list(combinations(cohort.scores, 2))
    for pair in made:
        a, b = cohort.scores[pair.a], cohort.scores[pair.b]
        left_out = []
        for patient in range(80):
            kept = cohort.patient != patient
            target, w = cohort.target[kept], weights[kept]
            left_out.append(number(target, b[kept], w) - number(target, a[kept], w))
        error = math.sqrt(np.sum(jackknife_deviations(np.array(left_out)) ** 2))
        expected = number(cohort.target, b, weights) - number(cohort.target, a, weights)
        one = pair.difference
        assert one.method == "jackknife-t"
        assert one.estimate == pytest.approx(expected, abs=1e-12)
        assert one.details["standard_error"] == pytest.approx(error, rel=1e-9)
        assert one.details["degrees_of_freedom"] == 49
        reach = student(49).ppf(0.975) * error
        assert one.lower == pytest.approx(expected - reach, abs=1e-12)
        assert one.upper == pytest.approx(expected + reach, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_each_pair_is_the_difference_of_the_models_scores(cohort: Cohort, weighted: bool) -> None:
    weights = cohort.weights if weighted else None
    cohort.scores["good"][:3] = (0.0, 1.0, 1.0)  # log loss clips these
    cards = {
        name: score_card(cohort.target, score, cohort.patient, weights=weights, replicates=1)
        for name, score in cohort.scores.items()
    }
    made = cohort.compare(metrics=COMPARABLE, weights=weights).pairs
    assert len(made) == 12
    for pair in made:
        a, b = (cards[name].metrics[pair.metric].estimate for name in (pair.a, pair.b))
        assert pair.difference.estimate == pytest.approx(b - a, abs=1e-12), pair.metric


def test_a_pair_of_losses_worked_by_hand() -> None:
    # Squared errors of a 1/4, 0, 1/4 and of b 0, 1/4, 1/4: means 1/6 and 1/6. Weights 2, 1, 1:
    # 3/16 and 2/16. Log loss of b less a: (log 1 - log 1/2) / 3 and back for the second image.
    target, scores = [1, 0, 0], {"a": [0.5, 0.0, 0.5], "b": [1.0, 0.5, 0.5]}
    plain = compare(target, scores, metrics=["brier_score", "log_loss"], replicates=0)
    assert [pair.difference.estimate for pair in plain.pairs] == pytest.approx([0, 0], abs=1e-9)
    weighted = compare(target, scores, weights=[2, 1, 1], metrics=["brier_score"], replicates=0)
    assert weighted.pairs[0].difference.estimate == pytest.approx(-1 / 16, abs=1e-15)


def test_within_patients_a_pair_is_a_paired_t_test_over_patients_with_both_classes(
    cohort: Cohort,
) -> None:
    inside = {
        name: [
            auroc(cohort.target[cohort.patient == p], score[cohort.patient == p]) for p in range(50)
        ]
        for name, score in cohort.scores.items()
    }
    made = cohort.compare(metrics=["within_patient_auroc"]).pairs
    assert len(made) == 3
    for pair in made:
        expected = ttest_rel(inside[pair.b], inside[pair.a])
        interval = expected.confidence_interval(0.95)
        one = pair.difference
        assert one.estimate == pytest.approx(np.subtract(inside[pair.b], inside[pair.a]).mean())
        assert one.details["p_value"] == pytest.approx(expected.pvalue, rel=1e-9)
        assert one.lower == pytest.approx(interval.low, abs=1e-12)
        assert one.upper == pytest.approx(interval.high, abs=1e-12)


def test_swapping_two_models_mirrors_everything(cohort: Cohort) -> None:
    names = ["good", "weak"]
    one, other = (
        compare(
            cohort.target,
            {name: cohort.scores[name] for name in order},
            cohort.patient,
            metrics=COMPARABLE,
            replicates=200,
        )
        for order in (names, names[::-1])
    )
    assert len(one.pairs) == len(COMPARABLE)
    for forth, back in zip(one.pairs, other.pairs, strict=True):
        a, b = forth.difference, back.difference
        assert (forth.a, forth.b) == (back.b, back.a)
        assert a.estimate == pytest.approx(-b.estimate, abs=1e-12)
        assert (a.lower, a.upper) == pytest.approx((-b.upper, -b.lower), abs=1e-12)
        assert a.details["p_value"] == pytest.approx(b.details["p_value"], rel=1e-9)
    beside, mirrored = (made.pairs[0].difference.alternatives for made in (one, other))
    assert tuple(beside) == BESIDE
    for name in BESIDE:
        a, b = beside[name], mirrored[name]
        assert (a.lower, a.upper) == pytest.approx((-b.upper, -b.lower), abs=1e-9)


def test_identical_models_are_null_with_a_reason_and_holm_skips_them(cohort: Cohort) -> None:
    cohort.scores = {**cohort.scores, "copy": cohort.scores["good"].copy()}
    made = {(pair.a, pair.b): pair.difference for pair in cohort.compare(replicates=50).pairs}
    same = made.pop(("good", "copy"))
    assert same.estimate == 0
    assert not same.has_interval
    assert same.reason == "no patient tells the two apart"
    assert {same.details[name] for name in ("p_value", "p_holm", "simultaneous_lower")} == {None}
    assert not any(same.alternatives[name].has_interval for name in BESIDE)
    p_values = [one.details["p_value"] for one in made.values()]
    smallest = min(made.values(), key=lambda one: float(str(one.details["p_value"])))
    assert len(p_values) == 5
    # Holm's smallest is multiplied by how many have a p-value: five, not six.
    assert smallest.details["p_holm"] == pytest.approx(5 * float(str(smallest.details["p_value"])))


@pytest.mark.parametrize(
    ("n_positive", "interval", "flagged"),
    [(9, False, False), (10, True, True), (39, True, True), (40, True, False)],
)
@pytest.mark.parametrize("metric", COMPARABLE)
def test_patients_with_melanoma_decide_what_a_difference_is_worth(
    rng: np.random.Generator, metric: str, n_positive: int, interval: bool, flagged: bool
) -> None:
    made = Cohort(rng, 60, n_positive).compare(metrics=[metric], margin=0.05)
    assert len(made.pairs) == 3
    for pair in made.pairs:
        one = pair.difference
        assert math.isfinite(one.estimate)
        assert one.has_interval == interval
        assert (one.flag is not None) == flagged
        assert (one.reason is None) == interval
        assert (one.details["p_holm"] is not None) == interval
        assert (one.details["equivalent"] is not None) == interval
    if metric == "auroc":
        assert all((rank.lower is not None) == interval for rank in made.ranks)
        assert all((rank.tied_with_first is not None) == interval for rank in made.ranks)


def test_with_few_patients_the_other_methods_say_that_they_cover_less(
    rng: np.random.Generator,
) -> None:
    beside = Cohort(rng, 60, 9).compare(replicates=300).pairs[0].difference.alternatives
    assert tuple(beside) == BESIDE
    for name in BESIDE:
        assert beside[name].has_interval
        said = beside[name].flag
        assert said is not None
        assert "covers less than it claims" in said or "claims more than is known" in said


def test_no_patient_with_both_classes_leaves_within_patient_auroc_undefined() -> None:
    made = compare(
        [1, 0] * 20,
        {"a": np.arange(40) / 40, "b": np.arange(40)[::-1] / 40},
        metrics=["within_patient_auroc"],
        replicates=0,
    )
    document = made.pairs[0].as_json()
    assert document["estimate"] is None
    assert "0 patients with both classes" in str(document["reason"])


def test_rescaling_weights_changes_nothing(cohort: Cohort) -> None:
    one, other = (
        cohort.compare(weights=weights, metrics=COMPARABLE, replicates=50)
        for weights in (cohort.weights, cohort.weights * 1234.5)
    )
    assert len(one.pairs) == 12
    for a, b in zip(one.pairs, other.pairs, strict=True):
        assert a.difference.estimate == pytest.approx(b.difference.estimate, abs=1e-12)
        assert limits(a.difference) == pytest.approx(limits(b.difference), abs=1e-9)
    assert one.ranks == other.ranks


def test_permuted_rows_change_nothing(cohort: Cohort, rng: np.random.Generator) -> None:
    one = cohort.compare(metrics=COMPARABLE, replicates=50)
    order = rng.permutation(cohort.target.size)
    shuffled = compare(
        cohort.target[order],
        {name: score[order] for name, score in cohort.scores.items()},
        cohort.patient[order],
        metrics=COMPARABLE,
        replicates=50,
    )
    for a, b in zip(one.pairs, shuffled.pairs, strict=True):
        assert limits(a.difference) == pytest.approx(limits(b.difference), abs=1e-9)
    assert one.ranks == shuffled.ranks


def test_the_order_of_the_models_decides_nothing_but_the_sign(cohort: Cohort) -> None:
    one = cohort.compare()
    cohort.scores = dict(reversed(cohort.scores.items()))
    other = {(pair.b, pair.a): pair.difference for pair in cohort.compare().pairs}
    for pair in one.pairs:
        back = other[pair.a, pair.b]
        assert pair.difference.estimate == pytest.approx(-back.estimate, abs=1e-12)
        assert pair.difference.details["p_holm"] == pytest.approx(back.details["p_holm"], rel=1e-9)
        # Their random part is another, and is below 2 % of the tail.
        lower, upper = (pair.difference.details[f"simultaneous_{side}"] for side in SIDES)
        assert lower == pytest.approx(-float(str(back.details["simultaneous_upper"])), abs=2e-3)
        assert upper == pytest.approx(-float(str(back.details["simultaneous_lower"])), abs=2e-3)
    assert one.ranks == cohort.compare().ranks


def test_a_monotone_transform_of_one_model_changes_no_pair_of_auroc(cohort: Cohort) -> None:
    one = cohort.compare(metrics=["auroc", "within_patient_auroc"], replicates=100)
    cohort.scores["good"] = cohort.scores["good"] ** 3 / 2
    other = cohort.compare(metrics=["auroc", "within_patient_auroc"], replicates=100)
    assert one == other


def test_one_image_a_patient_makes_cluster_delong_delong(
    draw_images: Callable[..., Any], rng: np.random.Generator
) -> None:
    images = draw_images(300, decimals=2)
    scores = {"a": images.probability, "b": rng.random(300).round(1)}
    made = compare(images.target, scores, np.arange(300), replicates=0).pairs[0].difference
    clustered, plain = made.alternatives["cluster_delong"], made.alternatives["delong"]
    assert (clustered.lower, clustered.upper) == pytest.approx((plain.lower, plain.upper))
    assert clustered.details["p_value"] == pytest.approx(plain.details["p_value"])
    # And the jackknife is close to both.
    assert made.details["standard_error"] == pytest.approx(
        plain.details["standard_error"], rel=0.02
    )


def test_the_bootstrap_of_a_pair_draws_the_same_patients_for_both(cohort: Cohort) -> None:
    from cygnet.evaluation.placement import auroc_replicator
    from cygnet.evaluation.resampling import multiplicity_blocks
    from cygnet.evaluation.sample import make_sample

    drawn = next(multiplicity_blocks(80, 500, seed=3))
    values = [
        auroc_replicator(make_sample(cohort.target, score, cohort.patient)).replicates(drawn)
        for score in cohort.scores.values()
    ]
    made = cohort.compare(replicates=500, seed=3)
    one = made.pairs[0].difference.alternatives["cluster_bootstrap_percentile"]
    expected = np.quantile(values[1] - values[0], [0.025, 0.975])
    assert (one.lower, one.upper) == pytest.approx(tuple(expected), abs=1e-12)
    assert made == cohort.compare(replicates=500, seed=3)


def test_many_pairs_are_noted_and_one_is_not(cohort: Cohort) -> None:
    assert "3 pairs are looked at" in cohort.compare().notes[0]
    cohort.scores.pop("best")
    assert cohort.compare().notes == ()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"margin": 0.0}, "margin"),
        ({"margin": -0.1}, "margin"),
        ({"margin": math.nan}, "margin"),
        ({"margin": math.inf}, "margin"),
        ({"confidence_level": 1.0}, "confidence level"),
        ({"replicates": -1}, "replicates"),
        ({"metrics": ["f1"]}, "compared by f1"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    cohort: Cohort, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        cohort.compare(**options)


def test_models_of_other_images_one_class_and_one_model_are_refused() -> None:
    with pytest.raises(InputError, match="nothing to compare"):
        compare([1, 0], {"a": [0.1, 0.2]})
    with pytest.raises(InputError, match="one number for each of the 2 images"):
        compare([1, 0], {"a": [0.1, 0.2], "b": [0.1]})
    with pytest.raises(InputError, match="only one class"):
        compare([1, 1], {"a": [0.1, 0.2], "b": [0.1, 0.3]})
    with pytest.raises(InputError, match="0 to 1"):
        compare([1, 0], {"a": [0.1, 0.2], "b": [0.1, 1.3]})
