"""How long do the rank intervals of a whole contest take, and the AUROC of ten million rows?

    python benchmarks/rank_intervals.py

3,314 models, as many as took part in the ISIC 2020 challenge, of 10,982 images of 690 patients, as
its test set has. Patients have 3 to 239 images (quartiles 6, 9 and 17; there 3 to 240, quartiles
6, 10 and 21); 194 images are malignant, the training set's share. Models are drawn from a seed one
after the other, so that no table of all scores is ever held; the time to draw them is taken off and
said. Judging is: sum each model's placement values by patient, leave each patient out, rank
intervals from the covariance.

Bootstrap ranks of a whole field are linearised: AUROC plus its influence times how much oftener
each patient was drawn. They are timed by themselves, and held against exact replicates of some
models. Each task runs in a fresh process, whose peak memory is what the operating system says.
"""

import json
import math
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cygnet.evaluation.field import Field, field_of
from cygnet.evaluation.jackknife import decisive_patients, jackknife_deviations
from cygnet.evaluation.placement import auroc, auroc_replicator
from cygnet.evaluation.ranks import bootstrap_ranks, rank_intervals
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import Sample, make_sample

N_MODELS, N_IMAGES, N_PATIENTS, N_POSITIVE = 3314, 10_982, 690, 194
REPLICATES, HELD_AGAINST_EXACT = 2000, 25
MANY_ROWS = 10_000_000
TARGET_RANKS_S, TARGET_RANKS_GB, TARGET_AUROC_S = 20.0, 2.0, 5.0
TASKS = ("ranks", "bootstrap", "auroc")


def draw_images(rng: np.random.Generator) -> Sample:
    """Draw who has which images: quartiles 6, 9 and 17 a patient, at most 239."""
    share = rng.lognormal(0, 1.1, N_PATIENTS)
    more = rng.choice(N_PATIENTS, N_IMAGES - 3 * N_PATIENTS, p=share / share.sum())
    patient = np.concatenate([np.repeat(np.arange(N_PATIENTS), 3), more])
    target = np.zeros(N_IMAGES, dtype=bool)
    target[rng.choice(N_IMAGES, N_POSITIVE, replace=False)] = True
    return make_sample(target, np.zeros(N_IMAGES), patient)


class Models:
    """Scores of each model, one after the other; ``drawing_s`` is the time that this took."""

    def __init__(self, sample: Sample, rng: np.random.Generator) -> None:
        self.sample, self.rng, self.drawing_s = sample, rng, 0.0
        # What all models see alike: the patient, and how hard the image is.
        own = rng.normal(size=N_PATIENTS)[sample.patient]
        self.shared = 0.5 * own + 0.6 * rng.normal(size=N_IMAGES)
        self.slopes = rng.uniform(0.5, 2.3, N_MODELS)

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        for slope in self.slopes:
            start = time.perf_counter()
            logit = self.shared + 0.6 * self.rng.normal(size=N_IMAGES) + slope * self.sample.target
            # Six decimals, as prediction files have: ties occur.
            scores = (1 / (1 + np.exp(3 - logit))).round(6)
            self.drawing_s += time.perf_counter() - start
            yield scores


def contest() -> tuple[Models, Field, float]:
    """Draw a contest and sum it; the time is that of summing alone."""
    rng = np.random.default_rng(2020)
    models = Models(draw_images(rng), rng)
    start = time.perf_counter()
    field = field_of(models.sample, models)
    return models, field, time.perf_counter() - start - models.drawing_s


def ranks() -> dict[str, float]:
    """Give every model's rank interval."""
    models, field, summing_s = contest()
    start = time.perf_counter()
    deviations = jackknife_deviations(field.leave_one_out())
    freedom = decisive_patients(models.sample) - 1
    made = rank_intervals(field.auroc, deviations, freedom)
    ranking_s = time.perf_counter() - start
    return {
        "drawing_s": models.drawing_s,
        "summing_s": summing_s,
        "ranking_s": ranking_s,
        "judging_s": summing_s + ranking_s,
        "tied_with_first": float(np.count_nonzero(made.lower == 1)),
        "width": float(np.median(made.upper - made.lower + 1)),
    }


def bootstrap() -> dict[str, float]:
    """Give linearised bootstrap ranks, and how far off linearised replicates are."""
    models, field, _ = contest()
    multiplicity = np.concatenate([*multiplicity_blocks(N_PATIENTS, REPLICATES, seed=0)])
    start = time.perf_counter()
    linear = field.linear_replicates(multiplicity)
    bootstrap_ranks(linear)
    linear_s = time.perf_counter() - start
    # The same models again, from the same seed: every so manieth is replicated exactly.
    rng = np.random.default_rng(2020)
    again = Models(draw_images(rng), rng)
    every = N_MODELS // HELD_AGAINST_EXACT
    chosen = {k: one for k, one in enumerate(again) if k % every == 0}
    start = time.perf_counter()
    exact = np.stack(
        [
            auroc_replicator(models.sample.with_scores(one)).replicates(multiplicity)
            for one in chosen.values()
        ],
        axis=1,
    )
    exact_s = time.perf_counter() - start
    some = linear[:, list(chosen)]
    error, spread = some - exact, exact.std(axis=0)
    of_linear, of_exact = bootstrap_ranks(some), bootstrap_ranks(exact)
    places = [of_linear.lower - of_exact.lower, of_linear.upper - of_exact.upper]
    differences = (some - some[:, :1]) - (exact - exact[:, :1])
    return {
        "linear_s": linear_s,
        "exact_s": exact_s / len(chosen) * N_MODELS,
        "held": float(len(chosen)),
        "rms_error": float(np.sqrt(np.mean(error**2))),
        "largest_error": float(np.abs(error).max()),
        "largest_difference_error": float(np.abs(differences).max()),
        "spread": float(np.median(spread)),
        "spread_error": float(np.abs(some.std(axis=0) / spread - 1).max()),
        "place_error": float(np.abs(places).max()),
        "limit_error": float(
            np.abs(
                np.quantile(some, [0.025, 0.975], axis=0)
                - np.quantile(exact, [0.025, 0.975], axis=0)
            ).max()
        ),
    }


def ten_million() -> dict[str, float]:
    """Give the AUROC of ten million rows, some tied, and the slowest of three times."""
    rng = np.random.default_rng(2020)
    target = rng.random(MANY_ROWS) < 0.0176
    scores = (1 / (1 + np.exp(3 - rng.normal(size=MANY_ROWS) - 1.8 * target))).round(6)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(3):
        start = time.perf_counter()
        value = auroc(target, scores)
        times.append(time.perf_counter() - start)
    return {"auroc_s": max(times), "auroc": value, "drawing_gb": before * _peak_unit() / 1e9}


def _peak_unit() -> int:
    return 1 if sys.platform == "darwin" else 1024


def in_a_fresh_process(task: str) -> dict[str, float]:
    """Run ``task`` by itself, so that its peak memory is its own."""
    done = subprocess.run(
        [sys.executable, __file__, task], check=True, capture_output=True, text=True
    )
    made: dict[str, float] = json.loads(done.stdout)
    return made


def run_here(task: str) -> None:
    """Do ``task`` and print what it found, with the peak memory of this process."""
    made = {"ranks": ranks, "bootstrap": bootstrap, "auroc": ten_million}[task]()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**made, "peak_gb": peak * _peak_unit() / 1e9}))


def main() -> int:
    """Print times, memory and errors; 1 where a target is missed."""
    if len(sys.argv) > 1:
        run_here(sys.argv[1])
        return 0
    of_ranks, of_bootstrap, of_auroc = (in_a_fresh_process(task) for task in TASKS)
    print(f"Python {platform.python_version()}, numpy {np.__version__}\n")
    print(f"Rank intervals of {N_MODELS:,} models, {N_IMAGES:,} images of {N_PATIENTS} patients")
    print(f"drawing the scores (not judged)     {of_ranks['drawing_s']:8.2f} s")
    print(f"placement values by patient         {of_ranks['summing_s']:8.2f} s")
    print(f"leave-one-out, covariance, ranks    {of_ranks['ranking_s']:8.2f} s")
    judging_s, peak_gb = of_ranks["judging_s"], of_ranks["peak_gb"]
    print(f"judging in all                      {judging_s:8.2f} s   (target: at most 20)")
    print(f"peak memory                         {peak_gb:8.2f} GB  (target: at most 2)")
    print(f"models tied with the first          {of_ranks['tied_with_first']:8.0f}")
    print(f"places that a model may hold, median{of_ranks['width']:8.0f}\n")
    print(f"Linearised bootstrap ranks of all, {REPLICATES:,} replicates")
    print(f"linearised replicates and ranks     {of_bootstrap['linear_s']:8.2f} s")
    print(f"exact replicates (extrapolated)     {of_bootstrap['exact_s']:8.1f} s")
    print(f"peak memory                         {of_bootstrap['peak_gb']:8.2f} GB")
    print(f"against exact ones of {of_bootstrap['held']:.0f} models, whose AUROC has a standard")
    print(f"error of                            {of_bootstrap['spread']:8.4f}")
    print(f"  root mean square error            {of_bootstrap['rms_error']:8.5f}")
    print(f"  largest error                     {of_bootstrap['largest_error']:8.5f}")
    print(f"  largest error of a difference     {of_bootstrap['largest_difference_error']:8.5f}")
    print(f"  largest error of a 95 % limit     {of_bootstrap['limit_error']:8.5f}")
    print(f"  of a standard error, relative     {of_bootstrap['spread_error']:8.3f}")
    print(f"  of a bootstrap rank among these   {of_bootstrap['place_error']:8.0f} places\n")
    print(f"AUROC of {MANY_ROWS:,} rows")
    auroc_s = of_auroc["auroc_s"]
    print(f"the slowest of three                {auroc_s:8.2f} s   (target: under 5)")
    print(f"peak memory                         {of_auroc['peak_gb']:8.2f} GB")
    print(f"of which to draw the rows           {of_auroc['drawing_gb']:8.2f} GB")
    kept = judging_s <= TARGET_RANKS_S and peak_gb <= TARGET_RANKS_GB and auroc_s < TARGET_AUROC_S
    return 0 if kept and math.isfinite(of_bootstrap["rms_error"]) else 1


if __name__ == "__main__":
    sys.exit(main())
