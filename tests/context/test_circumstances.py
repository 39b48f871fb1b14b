"""Site and age beside the patient's others, worked by hand; and the axes of embeddings."""

import numpy as np
import polars as pl
import pytest

from cygnet.context.axes import N_AXES, Axes
from cygnet.context.circumstances import age_offset, site_rarity
from cygnet.context.features import Features
from cygnet.context.lesions import Floats, make_lesions
from cygnet.context.nested import context_arm
from cygnet.errors import InputError


def list_of(values: Floats | None) -> list[float]:
    assert values is not None
    return [float(value) for value in values]


def table(**columns: list[object]) -> pl.DataFrame:
    n = len(columns["patient_id"])
    return pl.DataFrame(
        {
            "image_name": [f"I_{row}" for row in range(n)],
            "lesion_id": [f"L_{row}" for row in range(n)],
            "probability": np.linspace(0.1, 0.9, n),
            **columns,
        },
        strict=False,
    )


def test_site_and_age_by_hand() -> None:
    lesions = make_lesions(
        table(
            patient_id=["P", "P", "P", "P", "Q", None],
            anatom_site_general_challenge=["torso", "torso", "arm", None, "arm", "arm"],
            age_approx=[40, 40, 50, None, 60, 70],
        )
    )
    # Of the torso's two others one lies elsewhere; of the arm's two both; the unknown is as usual.
    assert list_of(site_rarity(lesions)) == [0.5, 0.5, 1.0, 0.0, 0.0, 0.0]
    assert list_of(age_offset(lesions)) == [-5.0, -5.0, 10.0, 0.0, 0.0, 0.0]


def test_a_copy_counts_once() -> None:
    rows = table(
        patient_id=["P"] * 4,
        anatom_site_general_challenge=["torso", "torso", "torso", "arm"],
        age_approx=[40, 40, 40, 50],
    ).with_columns(lesion_id=pl.Series(["L_0", "L_1", "L_1", "L_2"]))
    lesions = make_lesions(rows)
    assert list_of(site_rarity(lesions)) == [0.5, 0.5, 0.5, 1.0]
    assert list_of(age_offset(lesions)) == [-5.0, -5.0, -5.0, 10.0]


def test_a_table_that_knows_neither_has_neither_number() -> None:
    lesions = make_lesions(table(patient_id=["P", "P"]))
    assert site_rarity(lesions) is None
    assert age_offset(lesions) is None
    known = make_lesions(
        table(patient_id=["P", "P"], anatom_site_general_challenge=["torso", "arm"])
    )
    # A stage that was fitted with sites takes a table without: all are as usual.
    assert list_of(Features.of(known).columns(lesions)["site_rarity"]) == [0.0, 0.0]


def test_no_learner_sees_the_order_of_visits() -> None:
    lesions = make_lesions(table(patient_id=["P"] * 4, age_approx=[40, 45, 50, 55]))
    seen = {name for one in context_arm(lesions).candidates for name in one.sees}
    assert "age_offset" not in seen | set(Features.of(lesions).columns(lesions))


def test_axes_keep_distances_of_what_lies_in_few_directions() -> None:
    rng = np.random.default_rng(0)
    fold = np.repeat([0, 1], 150)
    inside = rng.normal(size=(300, 20)) @ rng.normal(size=(20, 200))
    embedding = inside.astype(np.float32)
    axes = Axes.of(embedding, fold)
    placed = axes(embedding, fold)
    assert placed.shape == (300, N_AXES)
    for one in (0, 1):
        rows = np.flatnonzero(fold == one)
        before = np.linalg.norm(embedding[rows[0]] - embedding[rows], axis=1)
        after = np.linalg.norm(placed[rows[0]] - placed[rows], axis=1)
        assert after == pytest.approx(before, rel=1e-3, abs=1e-3)
    again = Axes.from_json(axes.as_json())
    assert again(embedding, fold) == pytest.approx(placed, abs=1e-3)


def test_embeddings_of_another_network_or_fold_are_refused() -> None:
    axes = Axes.of(np.ones((4, 3), np.float32), np.zeros(4, np.int64))
    with pytest.raises(InputError, match="5 dimensions"):
        axes(np.ones((4, 5), np.float32), np.zeros(4, np.int64))
    with pytest.raises(InputError, match="fold 3 is not known"):
        axes(np.ones((1, 3), np.float32), np.full(1, 3))
