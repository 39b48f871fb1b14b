"""How does a set of numbers become a probability? Learners of rising freedom, all fitted alike.

Raw score, a rule without a fitted parameter, a regularised line, splines, boosted trees. Each ends
calibrated on what it was fitted on and is kept as a document that needs neither scikit-learn nor
the data.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from cygnet.context.features import OWN
from cygnet.context.lesions import Floats
from cygnet.errors import MissingExtraError
from cygnet.evaluation.recalibrators import platt_line

COUNT = "log_n_images"

_PENALTY = 1.0
_N_KNOTS = 5
_ROUNDS = 100
_TREES: Mapping[str, Any] = MappingProxyType(
    {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": 8,
        "min_data_in_leaf": 100,
        "lambda_l2": 10.0,
        "verbose": -1,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "seed": 0,
    }
)

Columns = Mapping[str, Floats]


class Fitted(Protocol):
    """A learner that was fitted: columns ``(n_images,)`` in, probabilities ``(n_images,)`` out."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it sees."""
        ...

    def parts(self, columns: Columns) -> Floats:
        """Give what each of ``names`` adds to the logit, and last a constant.

        ``(n_images, n_names + 1)``; a row adds up to the image's logit.
        """
        ...

    def seen(self, columns: Columns) -> Columns:
        """Give the columns of ``names``, those that it makes itself among them."""
        ...

    def __call__(self, columns: Columns) -> Floats:
        """Give the probability of each image."""
        ...

    def as_json(self) -> dict[str, Any]:
        """Give the document that ``fitted_from_json`` reads."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """A logistic model: ``intercept`` plus the weighted, standardised terms of ``names``.

    ``knots`` bends a name: its natural cubic spline's terms follow it.
    """

    kind: str
    names: tuple[str, ...]
    knots: dict[str, tuple[float, ...]]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def __call__(self, columns: Columns) -> Floats:
        """Give the probability of each image."""
        design = (terms(columns, self.names, self.knots) - self.centre) / self.scale
        return sigmoid(self.intercept + design @ np.array(self.weights))

    def seen(self, columns: Columns) -> Columns:
        """Give ``columns``, which hold all names."""
        return columns

    def parts(self, columns: Columns) -> Floats:
        """Give what each name adds to the logit, and last the logit where every name is 0.

        A number at 0, the middle under dealing, adds nothing.
        """
        zero = dict.fromkeys(self.names, np.zeros(1))
        weights = np.array(self.weights) / np.array(self.scale)
        at_zero = terms(zero, self.names, self.knots)
        added = (terms(columns, self.names, self.knots) - at_zero) * weights
        starts = np.cumsum([0, *n_terms(self.names, self.knots)[:-1]])
        base = self.intercept + float((at_zero[0] - np.array(self.centre)) @ weights)
        return np.column_stack([np.add.reduceat(added, starts, axis=1), np.full(len(added), base)])

    def as_json(self) -> dict[str, Any]:
        """Give the document that ``fitted_from_json`` reads."""
        return {
            "kind": self.kind,
            "names": list(self.names),
            "knots": {name: list(of) for name, of in self.knots.items()},
            "centre": list(self.centre),
            "scale": list(self.scale),
            "weights": list(self.weights),
            "intercept": self.intercept,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """Boosted trees over ``names``, kept as LightGBM's text."""

    names: tuple[str, ...]
    text: str

    def __call__(self, columns: Columns) -> Floats:
        """Give the probability of each image."""
        return self._predicted(columns)

    def seen(self, columns: Columns) -> Columns:
        """Give ``columns``, which hold all names."""
        return columns

    def parts(self, columns: Columns) -> Floats:
        """Give each name's tree SHAP value on the logit, and last the trees' mean.

        Lundberg et al. (2020), 10.1038/s42256-019-0138-9.
        """
        return self._predicted(columns, pred_contrib=True)

    def _predicted(self, columns: Columns, **options: bool) -> Floats:
        model = _lightgbm().Booster(model_str=self.text)
        design = np.column_stack([columns[name] for name in self.names])
        return np.asarray(model.predict(design, num_threads=1, **options), dtype=np.float64)

    def as_json(self) -> dict[str, Any]:
        """Give the document that ``fitted_from_json`` reads."""
        return {"kind": "trees", "names": list(self.names), "text": self.text}


def line_from_json(document: Mapping[str, Any]) -> Line:
    """Read what :meth:`Line.as_json` wrote."""
    return Line(
        document["kind"],
        tuple(document["names"]),
        {name: tuple(of) for name, of in document["knots"].items()},
        tuple(document["centre"]),
        tuple(document["scale"]),
        tuple(document["weights"]),
        document["intercept"],
    )


def sigmoid(logit: Floats) -> Floats:
    """Turn log odds into probabilities."""
    return np.asarray(0.5 * (1 + np.tanh(logit / 2)))


def fit_raw(columns: Columns, names: tuple[str, ...], target: Floats, weight: Floats) -> Fitted:
    """Calibrate the image model's logit by Platt's line; the order of the scores stays."""
    del names
    return _on_one(columns[OWN], "raw", target, weight)


def fit_rule(columns: Columns, names: tuple[str, ...], target: Floats, weight: Floats) -> Fitted:
    """Take the patient's shrunk level off the logit, with nothing fitted but the calibration.

    The level is in units of normal scores; a unit of these is a standard deviation of the logits.
    """
    del names
    spread = float(np.std(columns[OWN])) or 1.0
    less = columns[OWN] - spread * columns["shrunk_level"]
    line = _on_one(less, "rule", target, weight)
    slope = line.weights[0]
    names = (OWN, "shrunk_level")
    return Line("rule", names, {}, (0.0, 0.0), (1.0, 1.0), (slope, -slope * spread), line.intercept)


def _on_one(logit: Floats, kind: str, target: Floats, weight: Floats) -> Line:
    slope, intercept = platt_line(target, logit, weight)
    return Line(kind, (OWN,), {}, (0.0,), (1.0,), (slope,), intercept)


def fit_linear(columns: Columns, names: tuple[str, ...], target: Floats, weight: Floats) -> Line:
    """Fit a ridge-penalised logistic line of all names."""
    return _penalised("linear", columns, names, {}, target, weight)


def fit_splines(columns: Columns, names: tuple[str, ...], target: Floats, weight: Floats) -> Fitted:
    """Fit a ridge-penalised sum of natural cubic splines, one a name; nothing interacts."""
    knots = {}
    for name in names:
        values = columns[name]
        at = np.unique(np.quantile(values, np.linspace(0.02, 0.98, _N_KNOTS)))
        if at.size >= 3:
            knots[name] = tuple(at.tolist())
    return _penalised("splines", columns, names, knots, target, weight)


def fit_trees(columns: Columns, names: tuple[str, ...], target: Floats, weight: Floats) -> Fitted:
    """Fit boosted trees; what they may see together must not tell the number of lesions."""
    lightgbm = _lightgbm()
    design = np.column_stack([columns[name] for name in names])
    data = lightgbm.Dataset(design, target, weight=weight, params={"verbose": -1})
    model = lightgbm.train(dict(_TREES), data, _ROUNDS)
    return Trees(names, model.model_to_string())


def _lightgbm() -> Any:
    """Give LightGBM, which is loaded only where trees grow and needs a library of the system."""
    try:
        import lightgbm
    except OSError as error:
        raise MissingExtraError.of(
            f"LightGBM does not load: {error}.",
            "Install the system's OpenMP library (Debian and Ubuntu: apt-get install libgomp1).",
        ) from error
    return lightgbm


def _penalised(
    kind: str,
    columns: Columns,
    names: tuple[str, ...],
    knots: dict[str, tuple[float, ...]],
    target: Floats,
    weight: Floats,
) -> Line:
    from sklearn.linear_model import LogisticRegression

    design = terms(columns, names, knots)
    centre = np.average(design, axis=0, weights=weight)
    scale = np.sqrt(np.average((design - centre) ** 2, axis=0, weights=weight))
    scale = np.where(scale > 1e-9, scale, 1.0)
    model = LogisticRegression(C=1 / _PENALTY, solver="newton-cholesky", max_iter=100)
    model.fit((design - centre) / scale, target, sample_weight=weight)
    return Line(
        kind,
        names,
        knots,
        tuple(centre.tolist()),
        tuple(scale.tolist()),
        tuple(model.coef_[0].tolist()),
        float(model.intercept_[0]),
    )


def terms(
    columns: Columns, names: tuple[str, ...], knots: Mapping[str, tuple[float, ...]]
) -> Floats:
    """Give the terms ``(n_images, n_terms)``: each name, followed by those of its spline."""
    found = []
    for name in names:
        found.append(columns[name])
        if name in knots:
            found += natural_spline(columns[name], knots[name])
    return np.column_stack(found)


def n_terms(names: tuple[str, ...], knots: Mapping[str, tuple[float, ...]]) -> list[int]:
    """Give how many of the columns of :func:`terms` belong to each name."""
    return [1 + max(len(knots.get(name, ())) - 2, 0) for name in names]


def natural_spline(values: Floats, knots: tuple[float, ...]) -> list[Floats]:
    """Give the curved terms of a natural cubic spline, straight beyond the outer knots.

    Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, 5.2.1.

    >>> [term.tolist() for term in natural_spline(np.array([-1.0, 2.0]), (0.0, 1.0, 2.0))]
    [[0.0, 1.5]]
    """
    *inner, before, last = knots
    unit = last - knots[0]

    def hinge(knot: float) -> Floats:
        cubes = np.maximum(values - knot, 0.0) ** 3 - np.maximum(values - last, 0.0) ** 3
        return np.asarray(cubes / (last - knot) / unit)

    return [hinge(knot) - hinge(before) for knot in inner]


Fit = Callable[[Columns, tuple[str, ...], Floats, Floats], Fitted]
