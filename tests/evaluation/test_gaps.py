import json
import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student

from cygnet.evaluation import auroc, score_card, telling_gaps
from cygnet.evaluation.gaps import Gap, auroc_gaps
from cygnet.evaluation.jackknife import jackknife_deviations
from cygnet.evaluation.sample import make_sample
from cygnet.evaluation.subgroups import levels_of


class Cohort:
    """150 patients of four images; 120 have a melanoma, the first of their images."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.patient = np.repeat(np.arange(150), 4)
        self.target = (np.arange(600) % 4 == 0) & (self.patient < 120)
        self.score = 0.5 * rng.normal(size=150)[self.patient] + rng.normal(size=600) + self.target
        # Sex is the patient's; the site is the image's, so that sites share patients.
        self.sex = np.where(self.patient % 2 == 0, "female", "male").astype(object)
        self.site = np.where(rng.random(600) < 0.5, "torso", "head").astype(object)

    def gaps(self, *, seed: int = 0, **columns: Any) -> dict[tuple[str, str], Gap]:
        sample = make_sample(self.target, self.score, self.patient, any_score=True)
        levels = {name: levels_of(name, values, 600) for name, values in columns.items()}
        return {(gap.a, gap.b): gap for gap in auroc_gaps(sample, levels, seed=seed)}

    def deviations(self, images: Any) -> Any:
        """Jackknife one group, patient by patient, by scoring it anew; 0 at all other patients."""
        found = np.unique(self.patient[images])
        left_out = [
            auroc(self.target[kept], self.score[kept])
            for kept in (images & (self.patient != one) for one in found)
        ]
        made = np.zeros(150)
        made[found] = jackknife_deviations(np.array(left_out))
        return made

    def auroc(self, images: Any) -> float:
        return auroc(self.target[images], self.score[images])


@pytest.fixture
def cohort(rng: np.random.Generator) -> Cohort:
    return Cohort(rng)


def detail(gap: Gap, name: str) -> float:
    value = gap.difference.details[name]
    assert isinstance(value, int | float)
    return float(value)


def test_groups_without_a_patient_in_common_add_their_variances(cohort: Cohort) -> None:
    gap = cohort.gaps(sex=cohort.sex)["female", "male"]
    women, men = cohort.sex == "female", cohort.sex == "male"
    a, b = (float(np.sum(cohort.deviations(one) ** 2)) for one in (women, men))
    assert gap.by == "sex"
    assert gap.difference.method == "jackknife-t-simultaneous"
    assert gap.difference.estimate == pytest.approx(cohort.auroc(men) - cohort.auroc(women))
    assert detail(gap, "standard_error") == pytest.approx(math.sqrt(a + b), rel=1e-9)
    # Welch: both groups have 60 patients with melanoma.
    freedom = (a + b) ** 2 / (a**2 / 59 + b**2 / 59)
    assert detail(gap, "degrees_of_freedom") == pytest.approx(freedom, rel=1e-9)
    reach = student(freedom).ppf(0.975) * math.sqrt(a + b)
    # One gap alone pays nothing for others.
    assert gap.difference.upper == pytest.approx(gap.difference.estimate + reach, abs=1e-12)
    assert gap.difference.lower == pytest.approx(gap.difference.estimate - reach, abs=1e-12)


def test_groups_that_share_patients_vary_together(cohort: Cohort) -> None:
    gap = cohort.gaps(site=cohort.site)["head", "torso"]
    head, torso = (cohort.deviations(cohort.site == one) for one in ("head", "torso"))
    assert abs(float(head @ torso)) > 1e-6
    expected = float(head @ head + torso @ torso - 2 * head @ torso)
    assert detail(gap, "standard_error") == pytest.approx(math.sqrt(expected), rel=1e-9)


def test_limits_hold_for_all_gaps_of_all_columns_together(
    cohort: Cohort, rng: np.random.Generator
) -> None:
    age = rng.choice(["young", "middle", "old"], 600).astype(object)
    alone = cohort.gaps(sex=cohort.sex)["female", "male"].difference
    among = cohort.gaps(sex=cohort.sex, age=age, site=cohort.site)
    assert len(among) == 5
    one = among["female", "male"].difference
    assert one.estimate == pytest.approx(alone.estimate, abs=1e-12)
    assert one.lower < alone.lower < alone.upper < one.upper
    unadjusted = one.alternatives["unadjusted"]
    assert (unadjusted.lower, unadjusted.upper) == pytest.approx((alone.lower, alone.upper))
    # Never wider than Bonferroni over the five.
    freedom = detail(among["female", "male"], "degrees_of_freedom")
    reach = student(freedom).ppf(1 - 0.025 / 5) * detail(among["female", "male"], "standard_error")
    assert one.upper - one.estimate <= reach + 1e-12
    for gap in among.values():
        assert gap.difference.details["p_holm"] is not None


def test_the_same_seed_gives_the_same_limits(cohort: Cohort) -> None:
    columns = {"sex": cohort.sex, "site": cohort.site}
    assert cohort.gaps(**columns, seed=2) == cohort.gaps(**columns, seed=2)


def test_a_gap_to_a_small_group_is_named_with_its_reason_and_never_dropped(
    cohort: Cohort,
) -> None:
    cohort.site[cohort.patient < 5] = "palm"
    cohort.site[(cohort.patient >= 130) & (cohort.patient < 135)] = "sole"
    made = cohort.gaps(site=cohort.site)
    assert len(made) == 6
    palm = made["head", "palm"].difference
    assert math.isfinite(palm.estimate)
    assert not palm.has_interval
    assert palm.reason == (
        "palm: 5 patients with melanoma, fewer than 10: too few for an interval to be relied on"
    )
    assert palm.details["p_value"] is None
    # No melanoma among the soles: AUROC is not defined. Both small groups are named.
    both = made["palm", "sole"]
    assert math.isnan(both.difference.estimate)
    assert both.difference.reason is not None
    assert "palm: 5 patients" in both.difference.reason
    assert "sole: 0 patients" in both.difference.reason
    assert both.as_json()["estimate"] is None
    # The gap that can be judged pays for itself alone.
    told = made["head", "torso"].difference
    assert told.upper == pytest.approx(told.alternatives["unadjusted"].upper)


def test_both_groups_that_rest_on_few_patients_are_flagged(cohort: Cohort) -> None:
    few = np.where(cohort.patient < 20, "a", np.where(cohort.patient < 45, "b", "c"))
    made = cohort.gaps(few=few.astype(object))
    flag = made["a", "b"].difference.flag
    assert flag is not None
    assert "a: rests on 20 patients with melanoma" in flag
    assert "b: rests on 25 patients with melanoma" in flag
    assert made["b", "c"].difference.flag == (
        "b: rests on 25 patients with melanoma, fewer than 40"
    )


def test_images_whose_value_is_missing_are_a_group_of_their_own(cohort: Cohort) -> None:
    cohort.sex[cohort.patient % 3 == 0] = None
    made = cohort.gaps(sex=cohort.sex)
    assert set(made) == {("female", "male"), ("female", "(missing)"), ("male", "(missing)")}
    assert all(gap.difference.has_interval for gap in made.values())


def test_one_level_and_no_column_have_no_gap(cohort: Cohort) -> None:
    assert cohort.gaps() == {}
    assert cohort.gaps(sex=np.full(600, "female", object)) == {}


def test_the_gaps_worth_a_line_exclude_nothing_or_are_the_widest_of_their_column(
    cohort: Cohort,
) -> None:
    # Among men the model knows nothing; the sites differ by chance alone.
    men = cohort.sex == "male"
    cohort.score[men] = np.random.default_rng(1).normal(size=int(men.sum()))
    made = cohort.gaps(sex=cohort.sex, site=cohort.site)
    told = list(telling_gaps(list(made.values())))
    assert [(gap.a, gap.b) for gap in told] == [("female", "male"), ("head", "torso")]
    assert told[0].difference.upper < 0
    assert told[1].difference.lower < 0 < told[1].difference.upper


def test_a_score_card_holds_the_gaps_of_its_groups(cohort: Cohort) -> None:
    probability = 1 / (1 + np.exp(-cohort.score))
    card = score_card(
        cohort.target,
        probability,
        cohort.patient,
        subgroups={"sex": cohort.sex, "site": cohort.site},
        replicates=20,
    )
    document = json.loads(json.dumps(card.as_json(), allow_nan=False))
    assert [(gap["by"], gap["a"], gap["b"]) for gap in document["gaps"]] == [
        ("sex", "female", "male"),
        ("site", "head", "torso"),
    ]
    by_group = document["by"]["sex"]
    expected = by_group["male"]["auroc"]["estimate"] - by_group["female"]["auroc"]["estimate"]
    assert document["gaps"][0]["estimate"] == pytest.approx(expected, abs=1e-12)
    assert document["gaps"][0]["lower"] < expected < document["gaps"][0]["upper"]


@pytest.mark.slow
def test_simultaneous_limits_hold_all_true_gaps_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # 500 cohorts in which all groups have one true AUROC: seven gaps of two columns, one of them of
    # the patients and one of the images. Unadjusted, all seven hold far less often.
    from cygnet.evaluation import contrasts

    monkeypatch.setattr(contrasts, "_MOST_DRAWS", 5000)
    generator = np.random.default_rng(7)
    together = alone = 0
    for _ in range(500):
        cohort = Cohort(generator)
        age = np.array(["young", "middle", "old", "older"], object)[cohort.patient % 4]
        made = cohort.gaps(site=cohort.site, age=age)
        gaps = [gap.difference for gap in made.values()]
        assert len(gaps) == 7
        together += all(one.lower <= 0 <= one.upper for one in gaps)
        beside = [one.alternatives["unadjusted"] for one in gaps]
        alone += all(one.lower <= 0 <= one.upper for one in beside)
    assert 0.93 <= together / 500 <= 0.985
    assert alone / 500 < 0.90
