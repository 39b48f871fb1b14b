"""How much faster are exact cluster-bootstrap replicates of AUROC than scoring each one anew?

    python benchmarks/auroc_bootstrap.py

33,126 images of 2,056 patients, as many of each as ISIC 2020's training set has; 10,000 replicates
that draw patients with replacement. Cygnet makes all of them from one patient-by-patient matrix,
the matrix included; scikit-learn's ``roc_auc_score`` scores a few, each image weighed by how often
its patient was drawn, and is extrapolated. Both are timed by turns, five times, in wall time; the
ratio is the median of the five. The values are compared on every replicate that both made.
"""

import statistics
import sys
import time

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from cygnet.evaluation.placement import auroc_replicator
from cygnet.evaluation.resampling import multiplicity_blocks
from cygnet.evaluation.sample import Sample, make_sample

PAIRS = 5
N_PATIENTS, N_IMAGES, N_POSITIVE = 2056, 33_126, 584
REPLICATES = 10_000
SCORED_ANEW = 30
TARGET_RATIO = 100.0
TARGET_ERROR = 1e-12


def draw_cohort() -> Sample:
    """Draw probabilities in clusters of unequal size, a melanoma more likely to score high."""
    rng = np.random.default_rng(2020)
    share = rng.gamma(1.3, size=N_PATIENTS)
    patient = np.concatenate(
        [
            np.arange(N_PATIENTS),
            rng.choice(N_PATIENTS, N_IMAGES - N_PATIENTS, p=share / share.sum()),
        ]
    )
    target = np.zeros(N_IMAGES, dtype=bool)
    target[rng.choice(N_IMAGES, N_POSITIVE, replace=False)] = True
    logit = rng.normal(size=N_PATIENTS)[patient] * 0.7 + rng.normal(size=N_IMAGES) + 2 * target
    # Six decimals, as prediction files have: ties occur.
    return make_sample(target, (1 / (1 + np.exp(3 - logit))).round(6), patient)


def by_matrix(sample: Sample) -> NDArray[np.float64]:
    """Give all replicates from placement values summed by patient."""
    replicator = auroc_replicator(sample)
    blocks = multiplicity_blocks(sample.n_patients, REPLICATES, seed=0)
    return np.concatenate([replicator.replicates(block) for block in blocks])


def scored_anew(sample: Sample, drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the replicates ``drawn``, each scored by scikit-learn."""
    return np.array(
        [
            roc_auc_score(sample.target, sample.probability, sample_weight=row[sample.patient])
            for row in drawn
        ]
    )


def main() -> int:
    """Print both times, their ratio and the largest difference; 1 where a target is missed."""
    sample = draw_cohort()
    drawn = next(multiplicity_blocks(sample.n_patients, REPLICATES, seed=0))[:SCORED_ANEW]
    ratios, times, error = [], [], 0.0
    for _ in range(PAIRS):
        start = time.perf_counter()
        values = by_matrix(sample)
        middle = time.perf_counter()
        expected = scored_anew(sample, drawn)
        end = time.perf_counter()
        loop = (end - middle) / SCORED_ANEW * REPLICATES
        times.append((middle - start, loop))
        ratios.append(loop / (middle - start))
        error = max(error, float(np.abs(values[:SCORED_ANEW] - expected).max()))
    cygnet, loop = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(ratios)
    print(f"{REPLICATES:,} replicates, {N_IMAGES:,} images of {N_PATIENTS:,} patients")
    print(f"cygnet                        {cygnet:8.2f} s")
    print(f"scikit-learn (extrapolated)   {loop:8.1f} s")
    print(f"ratio                         {ratio:8.0f}   (target: at least {TARGET_RATIO:.0f})")
    print(f"largest difference            {error:8.0e}   (target: at most {TARGET_ERROR:.0e})")
    return 0 if ratio >= TARGET_RATIO and error <= TARGET_ERROR else 1


if __name__ == "__main__":
    sys.exit(main())
