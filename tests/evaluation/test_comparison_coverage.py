"""Do intervals of differences hold the true difference as often as they claim, alone and joint?"""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy.special import expit

from cygnet.evaluation import Estimate, contrasts
from cygnet.evaluation.comparison import _pairs
from cygnet.evaluation.sample import make_sample
from cygnet.evaluation.several_models import Models


def _limits(one: Estimate) -> list[float]:
    joint = (one.details["simultaneous_lower"], one.details["simultaneous_upper"])
    return [one.lower, one.upper, *(side for side in joint if isinstance(side, float))]


@pytest.mark.slow
def test_intervals_of_differences_cover_what_they_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    # 600 cohorts of 200 patients, 30 with melanoma; four models whose true AUROCs are
    # Phi(slope / sqrt(2)). Six differences: each alone, and all of them together.
    monkeypatch.setattr(contrasts, "_MOST_DRAWS", 5000)
    generator = np.random.default_rng(2021)
    slopes = (1.0, 1.4, 1.4, 2.0)
    alone, together = np.zeros(6), 0
    truth = [0.5 * (math.erf(b / 2) - math.erf(a / 2)) for a, b in combinations(slopes, 2)]
    for _ in range(600):
        n_images = generator.geometric(1 / 8, 200) + 1
        patient = np.repeat(np.arange(200), n_images)
        target = np.zeros(patient.size, dtype=int)
        target[(np.cumsum(n_images) - n_images)[:30]] = 1
        shared = 0.5 * generator.normal(size=200)[patient]
        shared = shared + 0.5 * generator.normal(size=patient.size)
        scores = {
            str(place): expit(
                shared + math.sqrt(0.5) * generator.normal(size=patient.size) + slope * target
            )
            for place, slope in enumerate(slopes)
        }
        number = Models.of(make_sample(target, scores["0"], patient), scores).compared_by("auroc")
        made = _pairs(number, 0.95, None, seed=0)
        sides = np.array([_limits(one) for one in made]).T
        alone += (sides[0] <= truth) & (truth <= sides[1])
        together += int(((sides[2] <= truth) & (truth <= sides[3])).all())
    assert (np.abs(alone / 600 - 0.95) < 0.025).all(), alone
    assert 0.93 <= together / 600 <= 0.98
