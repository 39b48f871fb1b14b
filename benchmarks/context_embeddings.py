"""Do a patient's lesions look alike, and is the odd one suspect? Embeddings of unlabelled images.

python benchmarks/context_embeddings.py MODEL DATA SCORES.csv

MODEL gives embeddings of the test images of DATA; SCORES.csv (image_name, target) are another
model's probabilities of them, standing in for labels that were never published. In the space of
each fold of MODEL by itself; the folds' figures are averaged.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.context.axes import Axes
from cygnet.context.lesions import Lesions, make_lesions
from cygnet.context.neighbourhood import oddness_of
from cygnet.context.relative import dealt_within_folds, rows_of_each
from cygnet.context.resemblance import Space, distances
from cygnet.inference.predict import PredictedImages, Wanted, predict_files
from cygnet.pipeline.subjects import images_to_predict
from cygnet.predictions import read_predictions

_SEED = 2020
_FEWEST = 5
_SUSPECT = 0.02
_DRAWS = 400


def nearest_is_own(lesions: Lesions, space: Space) -> tuple[float, float]:
    """Give how often an image's nearest neighbour is of its own patient, and by chance."""
    points = space.points(lesions, np.arange(lesions.n_images))
    n = np.bincount(lesions.patient)[lesions.patient]
    own = np.zeros(lesions.n_images, dtype=np.bool_)
    for start in range(0, lesions.n_images, 500):
        rows = np.arange(start, min(start + 500, lesions.n_images))
        apart = distances(points[rows], points)
        apart[np.arange(rows.size), rows] = np.inf
        own[rows] = lesions.patient[np.argmin(apart, axis=1)] == lesions.patient[rows]
    return float(own.mean()), float(np.mean((n - 1) / (lesions.n_images - 1)))


def place_of_suspects(
    oddness: NDArray[np.float64], suspect: NDArray[np.bool_], lesions: Lesions
) -> NDArray[np.float64]:
    """Give each patient's mean place of suspects by oddness among the others: 1 oddest, 0.5 chance.

    NaN for patients without a suspect or with fewer than five lesions.
    """
    found = np.full(lesions.n_patients, np.nan)
    for patient, rows in enumerate(rows_of_each(lesions.patient, lesions.n_patients)):
        marked = suspect[rows]
        if rows.size < _FEWEST or not marked.any() or marked.all():
            continue
        ours, others = oddness[rows][marked], oddness[rows][~marked]
        above = (ours[:, None] > others).mean() + (ours[:, None] == others).mean() / 2
        found[patient] = above
    return found


def interval(values: NDArray[np.float64]) -> tuple[float, float, float, int]:
    """Give the mean over patients with its percentile bootstrap limits, and their number."""
    known = values[np.isfinite(values)]
    draws = np.random.default_rng(_SEED).integers(0, known.size, (_DRAWS * 5, known.size))
    lower, upper = np.quantile(known[draws].mean(axis=1), [0.025, 0.975])
    return float(known.mean()), float(lower), float(upper), int(known.size)


def lesions_of(table: pl.DataFrame, predicted: PredictedImages, place: int) -> Lesions:
    """Take the test images as one fold's model sees them."""
    if predicted.embedding is None:
        raise SystemExit("The model gave no embeddings.")
    fold = np.zeros(table.height, dtype=np.int64)
    vectors = predicted.embedding[:, place]
    scored = table.with_columns(probability=pl.Series(predicted.by_fold[:, place]), fold=0)
    return make_lesions(scored, embedding=Axes.of(vectors, fold)(vectors, fold))


def main() -> None:
    """Print what is found and write it beside where it is asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("scores", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    subjects = images_to_predict([options.data], "test", allow_missing=False)
    predicted = predict_files(
        options.model, subjects.items, wanted=Wanted(embeddings=True), workers=2
    )
    if subjects.table is None:
        raise SystemExit("DATA has no table of patients.")
    names = pl.DataFrame({"image_name": predicted.image_names})
    scores = read_predictions(options.scores, any_score=True).select("image_name", score="target")
    table = names.join(subjects.table, on="image_name", how="left", maintain_order="left")
    table = table.join(scores, on="image_name", how="left", maintain_order="left")
    score = table["score"].to_numpy()
    suspect = score >= np.quantile(score, 1 - _SUSPECT)
    own, chance, places, dealt_places, scored_places = [], [], [], [], []
    for place in range(len(predicted.folds)):
        lesions = lesions_of(table, predicted, place)
        space = Space.of(lesions)
        one, by_chance = nearest_is_own(lesions, space)
        own.append(one)
        chance.append(by_chance)
        places.append(place_of_suspects(oddness_of(lesions, space), suspect, lesions))
        order = dealt_within_folds(lesions.fold, np.random.default_rng(_SEED + place))
        dealt = lesions.dealt(order)
        odd = oddness_of(dealt, space)
        dealt_places.append(place_of_suspects(odd, suspect[order], dealt))
        scored_places.append(place_of_suspects(lesions.logit, suspect, lesions))
    document = {
        "n_images": table.height,
        "n_patients": int(table["patient_id"].n_unique()),
        "suspects": int(suspect.sum()),
        "nearest_is_own": float(np.mean(own)),
        "nearest_is_own_by_chance": float(np.mean(chance)),
        "place_by_oddness": interval(np.mean(places, axis=0)),
        "place_by_oddness_dealt": interval(np.nanmean(np.ma.masked_invalid(dealt_places), axis=0)),
        "place_by_own_score": interval(np.mean(scored_places, axis=0)),
    }
    text = json.dumps(document, indent=2)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
