"""A set network over a patient's lesions: no order, any number, blind to the count, run as ONNX."""

import json
import subprocess
import sys
from functools import partial

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from context_cohort import draw_cohort
from cygnet.context.features import OWN, Features
from cygnet.context.lesions import Lesions, make_lesions
from cygnet.context.nested import Arm, Candidate, context_arm, lesion_weights, predicted
from cygnet.context.relative import dealt_within_folds
from cygnet.context.set_network import (
    NAME,
    SetNetwork,
    Trainer,
    fit_set_network,
    fitted_from_json,
    moved,
    n_others,
)
from cygnet.errors import ModelError
from cygnet.evaluation import auroc

pytest.importorskip("torch")

from cygnet.training.set_network import train_set_network


def looks(table: pl.DataFrame, *, odd: float) -> NDArray[np.float32]:
    """Draw embeddings: a patient's lesions look alike, a melanoma lies ``odd`` apart from them."""
    rng = np.random.default_rng(3)
    _, patient = np.unique(table["patient_id"].to_numpy(), return_inverse=True)
    centre = rng.normal(size=(patient.max() + 1, 8))
    apart = rng.normal(size=(patient.size, 8))
    apart /= np.linalg.norm(apart, axis=1, keepdims=True)
    noise = rng.normal(scale=0.3, size=(patient.size, 8))
    melanoma = table["target"].to_numpy()[:, None]
    placed: NDArray[np.float32] = centre[patient] + noise + odd * apart * melanoma
    return placed.astype(np.float32)


@pytest.fixture(scope="module")
def cohort() -> pl.DataFrame:
    return draw_cohort(8, n_patients=160, signature=0.0, count_tells=False)


@pytest.fixture(scope="module")
def lesions(cohort: pl.DataFrame) -> Lesions:
    return make_lesions(cohort, embedding=looks(cohort, odd=2.0))


@pytest.fixture(scope="module")
def fitted(cohort: pl.DataFrame, lesions: Lesions) -> SetNetwork:
    columns = Features.of(lesions).columns(lesions)
    target = cohort["target"].to_numpy().astype(np.float64)
    made = fit_set_network(
        columns, (OWN, NAME), target, lesion_weights(lesions), trainer=train_set_network
    )
    assert isinstance(made, SetNetwork)
    return made


def alone(trainer: Trainer) -> Arm:
    fit = partial(fit_set_network, trainer=trainer)
    return Arm("set", (Candidate(NAME, fit, (OWN, NAME)),))


def test_it_finds_the_duckling_that_scores_do_not_tell(
    cohort: pl.DataFrame, lesions: Lesions
) -> None:
    columns = Features.of(lesions).columns(lesions)
    target = cohort["target"].to_numpy()
    (made,) = predicted([alone(train_set_network)], columns, lesions, target, seed=0)
    assert auroc(target, made.probability) > auroc(target, lesions.logit) + 0.03


def test_dealt_scores_and_looks_tell_nothing(cohort: pl.DataFrame) -> None:
    # A count that tells much, as in ISIC 2020, and opinions that belong to nobody.
    table = draw_cohort(9, n_patients=300)
    target = table["target"].to_numpy()
    lesions = make_lesions(table, embedding=looks(table, odd=2.0))
    found = []
    for seed in range(3):
        order = dealt_within_folds(lesions.fold, np.random.default_rng(seed))
        dealt = lesions.dealt(order)
        columns = Features.of(dealt).columns(dealt)
        (made,) = predicted([alone(train_set_network)], columns, dealt, target, seed=seed)
        found.append(auroc(target, made.probability))
    assert len(found) == 3
    assert np.mean(found) == pytest.approx(0.5, abs=0.05)
    del cohort


def test_the_order_of_lesions_means_nothing(fitted: SetNetwork, lesions: Lesions) -> None:
    features = Features.of(lesions)
    order = np.random.default_rng(0).permutation(lesions.n_images)
    turned = lesions.chosen(order)
    here, there = features.columns(lesions), features.columns(turned)
    assert moved(fitted.content, there) == pytest.approx(
        moved(fitted.content, here)[order], abs=1e-5
    )


@pytest.mark.parametrize("n", [1, 2, 500])
def test_any_number_of_lesions_is_taken(fitted: SetNetwork, n: int) -> None:
    rng = np.random.default_rng(n)
    table = pl.DataFrame(
        {
            "image_name": [f"I_{row}" for row in range(n)],
            "patient_id": ["P"] * n,
            "fold": [0] * n,
            "probability": rng.random(n),
        }
    )
    space = make_lesions(
        pl.concat([table, table.with_columns(patient_id="image_name")], how="diagonal"),
        embedding=rng.normal(size=(2 * n, 8)).astype(np.float32),
    )
    columns = Features.of(space).columns(space)
    found = moved(fitted.content, columns)
    assert np.isfinite(found).all()
    assert (found[n:] == 0).all()
    assert n_others(columns).tolist() == [n - 1] * n + [0] * n
    assert (found[:n] == 0).all() == (n == 1)


def test_a_copy_of_another_lesion_does_not_outvote(fitted: SetNetwork, lesions: Lesions) -> None:
    features = Features.of(lesions)
    rows = np.flatnonzero(lesions.patient == lesions.patient[0])
    assert rows.size > 2
    twice = lesions.chosen(np.concatenate([rows, rows[-1:]]))
    plain = moved(fitted.content, features.columns(lesions.chosen(rows)))
    copied = moved(fitted.content, features.columns(twice))
    assert copied[: rows.size] == pytest.approx(plain, abs=1e-5)


def test_it_is_kept_as_a_document_that_needs_no_torch(
    fitted: SetNetwork, lesions: Lesions, tmp_path: object
) -> None:
    columns = Features.of(lesions).columns(lesions)
    text = json.dumps(fitted.as_json())
    again = fitted_from_json(json.loads(text))
    assert again(columns) == pytest.approx(fitted(columns), abs=1e-12)
    code = (
        "import sys, json\n"
        "from cygnet.context.set_network import fitted_from_json\n"
        "fitted_from_json(json.load(sys.stdin))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], input=text.encode(), check=True)
    del tmp_path


def test_its_parts_add_up_to_the_logit(fitted: SetNetwork, lesions: Lesions) -> None:
    columns = Features.of(lesions).columns(lesions)
    probability = fitted(columns)
    assert fitted.parts(columns).sum(axis=1) == pytest.approx(
        np.log(probability / (1 - probability)), abs=1e-9
    )


def test_a_damaged_network_is_refused(lesions: Lesions) -> None:
    with pytest.raises(ModelError, match="set network cannot be read"):
        moved(b"no graph", Features.of(lesions).columns(lesions))


def test_without_looks_it_is_no_candidate(cohort: pl.DataFrame) -> None:
    names = [
        one.name for one in context_arm(make_lesions(cohort), trainer=train_set_network).candidates
    ]
    assert NAME not in names
    seen = make_lesions(cohort, embedding=looks(cohort, odd=0.0))
    assert NAME in [one.name for one in context_arm(seen, trainer=train_set_network).candidates]
