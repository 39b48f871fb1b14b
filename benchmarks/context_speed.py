"""How long does patient context take? Features, a nested fit, one patient, and 400,000 images.

python benchmarks/context_speed.py

Drawn scores, from a seed: 2,056 patients with cluster sizes as in ISIC 2020, and 1,000 patients
with 400 images each.
"""

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.context.features import Features
from cygnet.context.lesions import Lesions, Scale, make_lesions
from cygnet.context.stage import fit_stage
from cygnet.context.trials import run_tasks, tasks_of
from drawn_scores import draw_scores

_SEED = 2020


def draw(n_images: NDArray[np.int64], seed: int) -> pl.DataFrame:
    """Draw scores for patients of ``n_images`` images each; 2 % are melanomas."""
    return draw_scores(n_images, prevalence=0.02, signature=0.7, shift=2.0, level=-4.0, seed=seed)


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that ``work`` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def features_of(table: pl.DataFrame) -> Lesions:
    """Do all that features take: lesions, what is learned without labels, the columns."""
    lesions = make_lesions(table)
    Features.of(lesions).columns(lesions)
    return lesions


def main() -> None:
    """Print each figure beside what is asked of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, default=2)
    workers = parser.parse_args().workers
    rng = np.random.default_rng(_SEED)
    sizes = np.clip(rng.lognormal(2.3, 0.9, 2056).astype(int), 2, 115)
    table = draw(sizes, _SEED)
    print(f"{table.height:,} images of {sizes.size:,} patients")
    print(f"features: {min(timed(lambda: features_of(table)) for _ in range(3)):.2f} s (under 2)")
    lesions = make_lesions(table)
    target = table["target"].to_numpy().astype(np.int64)
    splits = tasks_of(lesions, target, n_placebos=0, n_draws=0)
    spent = timed(lambda: run_tasks(splits, workers=workers, advance=lambda _: None))
    print(f"nested fit, ten splits, {workers} processes: {spent:.0f} s (under 300)")
    scale = Scale.of(lesions.logit, lesions.fold)
    stage = fit_stage(lesions, target, scale, supported=False)
    one = draw(np.array([100]), 1).with_columns(fold=pl.lit(0))
    stage(make_lesions(one, scale=scale))
    each = [timed(lambda: stage(make_lesions(one, scale=scale))) for _ in range(21)]
    print(
        f"one patient of 100 lesions ({stage.chosen}): {1000 * np.median(each):.1f} ms (under 20)"
    )
    many = draw(np.full(1000, 400), _SEED)
    spent = timed(lambda: features_of(many))
    scored = make_lesions(many, scale=scale)
    spent += timed(lambda: stage(scored))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"400,000 images of 1,000 patients, features and stage: {spent:.1f} s (under 120)")
    print(f"peak memory of this process: {memory:.2f} GB (under 4)")


if __name__ == "__main__":
    main()
