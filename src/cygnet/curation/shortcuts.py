"""How far does one get without looking at a lesion? Small models that see no pixel of it.

Each is fitted on the folds that the classifier was fitted on and scored out of fold, so that its
AUROC stands beside the classifier's. Refuses folds that leave nothing to fit on.
"""

from typing import Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from cygnet.errors import InputError

Floats = NDArray[np.float64]

# Chosen on the real table (33,126 images, three deals of 5 folds): out of fold the exact size, as a
# category beside the logarithms, gives AUROC 0.786 to 0.787, where its in-sample ceiling is 0.800;
# boosted trees gave 0.778 to 0.784 in twice the time, a weaker penalty 0.781 to 0.785.
_PENALTY: Final = 0.1
_RAREST_CATEGORY: Final = 5
_AGE_KNOTS: Final = 4
_MISSING: Final = "(missing)"
_ITERATIONS: Final = 5000


class _Classifier(Protocol):
    def fit(self, table: pl.DataFrame, target: NDArray[np.int64]) -> object: ...

    def predict_proba(self, table: pl.DataFrame) -> Floats: ...


def shortcut_probabilities(
    table: pl.DataFrame, folds: ArrayLike, n_images_a_patient: ArrayLike
) -> dict[str, Floats]:
    """Give the out-of-fold probabilities of each shortcut, ``(n_images,)`` in the table's order.

    ``table`` has ``target``, and as a cohort's table has them ``width_px``, ``height_px``,
    ``age_approx``, ``sex`` and ``anatom_site_general_challenge``; missing is a value like another.
    ``folds`` ``(n_images,)`` numbers the fold in which an image is held out;
    ``n_images_a_patient`` ``(n_images,)`` is how many images its patient has in the whole table,
    not only among those scored (NaN: unknown).

    ``original_size``
        logistic regression on the logarithms of width, height, aspect and area, and on the exact
        size as a category;
    ``age_sex_site``
        logistic regression on a spline of the age, and on sex and site as categories;
    ``n_images``
        logistic regression on the logarithm of the count and its square.

    A shortcut whose columns are all missing is left out. The same input gives the same output.
    Raises :class:`InputError` where arrays do not fit the table or there are fewer than two folds.
    """
    target = table["target"].to_numpy().astype(np.int64)
    fold, count = np.asarray(folds), np.asarray(n_images_a_patient, dtype=np.float64)
    if fold.shape != target.shape or count.shape != target.shape:
        raise InputError.of(
            f"Folds and counts must be one number for each of the {target.size} images.",
            "Give arrays in the order of the table.",
        )
    if np.unique(fold).size < 2:
        raise InputError.of("A shortcut needs at least two folds.", "Make folds first.")
    tables = {
        "original_size": _size_columns(table),
        "age_sex_site": _age_sex_site_columns(table),
        "n_images": _count_columns(count),
    }
    models = {
        "original_size": _size_model,
        "age_sex_site": _age_sex_site_model,
        "n_images": _count_model,
    }
    return {
        name: _out_of_fold(columns, target, fold, models[name])
        for name, columns in tables.items()
        if columns is not None
    }


def _size_columns(table: pl.DataFrame) -> pl.DataFrame | None:
    if not table["width_px"].count():
        return None
    width, height = pl.col("width_px").cast(pl.Float64), pl.col("height_px").cast(pl.Float64)
    shape = {
        "width": width.log(),
        "height": height.log(),
        "aspect": (width / height).log(),
        "area": (width * height).log(),
    }
    return table.select(
        *(expression.fill_null(expression.median()).alias(n) for n, expression in shape.items()),
        size=pl.format("{} x {}", "width_px", "height_px").fill_null(_MISSING),
    )


def _size_model() -> _Classifier:
    return _logistic([(_scaled(), ["width", "height", "aspect", "area"]), (_onehot(), ["size"])])


def _age_sex_site_columns(table: pl.DataFrame) -> pl.DataFrame | None:
    site = "anatom_site_general_challenge"
    if not any(table[name].count() for name in ("age_approx", "sex", site)):
        return None
    age = pl.col("age_approx").cast(pl.Float64)
    return table.select(
        age=age.fill_null(age.median()).fill_null(0.0),
        age_known=age.is_not_null().cast(pl.String),
        sex=pl.col("sex").fill_null(_MISSING),
        site=pl.col(site).fill_null(_MISSING),
    )


def _age_sex_site_model() -> _Classifier:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import SplineTransformer

    age = make_pipeline(_scaled(), SplineTransformer(n_knots=_AGE_KNOTS, extrapolation="linear"))
    # The line beside the spline is what little data can still bend by.
    categories = ["age_known", "sex", "site"]
    return _logistic([(_scaled(), ["age"]), (age, ["age"]), (_onehot(), categories)])


def _count_columns(count: Floats) -> pl.DataFrame | None:
    known = np.isfinite(count)
    if not known.any():
        return None
    log_count = np.log(np.where(known, np.maximum(count, 1.0), 1.0))
    return pl.DataFrame({"log_count": log_count, "square": log_count**2})


def _count_model() -> _Classifier:
    return _logistic([(_scaled(), ["log_count", "square"])])


def _scaled() -> object:
    from sklearn.preprocessing import StandardScaler

    return StandardScaler()


def _onehot() -> object:
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=_RAREST_CATEGORY)


def _logistic(parts: list[tuple[object, list[str]]]) -> _Classifier:
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model: _Classifier = make_pipeline(
        make_column_transformer(*parts), LogisticRegression(C=_PENALTY, max_iter=_ITERATIONS)
    )
    return model


class _Maker(Protocol):
    def __call__(self) -> _Classifier: ...


def _out_of_fold(
    columns: pl.DataFrame, target: NDArray[np.int64], fold: NDArray[np.int64], make: _Maker
) -> Floats:
    """Predict each fold by a model of the others; their mean where they hold one class."""
    probability = np.empty(target.size)
    for held_out in np.unique(fold):
        inside = fold == held_out
        known = target[~inside]
        if known.min() == known.max():
            probability[inside] = known.mean()
            continue
        model = make()
        model.fit(columns.filter(~inside), known)
        probability[inside] = model.predict_proba(columns.filter(inside))[:, 1]
    return probability
