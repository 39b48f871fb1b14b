"""What is kept of the context stage, so that it can be applied to any patient? One JSON document.

Fitted on all out-of-fold scores with the learner that inner folds choose. Applied to one model's
scores at a time; of several folds' models the probabilities are averaged by the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cygnet.context.axes import Axes
from cygnet.context.features import OWN, Features
from cygnet.context.learners import Fitted, fit_raw
from cygnet.context.lesions import Codes, Floats, Lesions, Scale
from cygnet.context.nested import (
    N_INNER,
    choose,
    context_arm,
    fit,
    folds_of,
    lesion_weights,
)
from cygnet.context.relative import Levelled
from cygnet.context.resemblance import Space
from cygnet.context.set_network import Trainer, fitted_from_json
from cygnet.errors import ModelError

FORMAT = 2
# Under this name the document stands in the metadata of a ``model.onnx``.
MODEL_KEY = "cygnet.context"


@dataclass(frozen=True, slots=True)
class Stage:
    """A fitted stage: the scale of scores, what was learned of patients, and two learners.

    ``fitted`` gives the probability of a lesion beside others; ``raw`` that of a patient's only
    one. ``supported`` says whether the judgement found that context helps. ``axes`` are the few
    directions of each fold's embeddings in which ``features`` measure, where there are embeddings.
    """

    chosen: str
    fitted: Fitted
    raw: Fitted
    scale: Scale
    features: Features
    supported: bool
    axes: Axes | None = None

    def __call__(self, lesions: Lesions) -> Floats:
        """Give the probability of each image, ``(n_images,)``."""
        columns = self.features.columns(lesions)
        alone = lesions.counts()[1] == 1
        return np.where(alone, self.raw(columns), self.fitted(columns))

    def as_json(self) -> dict[str, Any]:
        """Give the document of ``context.json``."""
        return {
            "format": FORMAT,
            "chosen": self.chosen,
            "supported": self.supported,
            "fitted": self.fitted.as_json(),
            "raw": self.raw.as_json(),
            "scale": {
                str(fold): {
                    "logits": list(self.scale.logits[fold]),
                    "normals": list(self.scale.normals[fold]),
                }
                for fold in self.scale.logits
            },
            "variance_ratio": self.features.ratio,
            "levelled": {name: one.as_json() for name, one in self.features.levelled.items()},
            "space": None if self.features.space is None else self.features.space.as_json(),
            "axes": None if self.axes is None else self.axes.as_json(),
            "use": "Research use only; not a medical device.",
        }


def fit_stage(
    lesions: Lesions,
    target: Codes,
    scale: Scale,
    *,
    supported: bool,
    axes: Axes | None = None,
    trainer: Trainer | None = None,
    seed: int = 0,
) -> Stage:
    """Fit the stage on all of ``lesions``; the learner is chosen over inner folds of patients.

    The embeddings of ``lesions`` lie along ``axes``; with a ``trainer`` the set network is among
    the learners.

    Raises :class:`TableError` where too few patients have a melanoma to deal folds.
    """
    features = Features.of(lesions, seed=seed)
    columns = features.columns(lesions)
    weight = lesion_weights(lesions)
    inner = folds_of(lesions, target, k=N_INNER, seed=seed)
    best = choose(
        context_arm(lesions, trainer=trainer), columns, target, weight, inner, lesions.patient
    )
    return Stage(
        best.name,
        fit(best, columns, target, weight),
        fit_raw(columns, (OWN,), target.astype(np.float64), weight),
        scale,
        features,
        supported,
        axes,
    )


def stage_from_json(document: Mapping[str, Any]) -> Stage:
    """Read what :meth:`Stage.as_json` wrote; raises :class:`ModelError` for another format."""
    if document.get("format") != FORMAT:
        raise ModelError.of(
            f"The context stage has the format {document.get('format')!r}, not {FORMAT}.",
            "Fit it again with this version of Cygnet.",
        )
    scale = Scale(
        {int(fold): tuple(of["logits"]) for fold, of in document["scale"].items()},
        {int(fold): tuple(of["normals"]) for fold, of in document["scale"].items()},
    )
    levelled = {name: Levelled.from_json(of) for name, of in document["levelled"].items()}
    space = None if document["space"] is None else Space.from_json(document["space"])
    return Stage(
        document["chosen"],
        fitted_from_json(document["fitted"]),
        fitted_from_json(document["raw"]),
        scale,
        Features(document["variance_ratio"], levelled, space),
        document["supported"],
        None if document["axes"] is None else Axes.from_json(document["axes"]),
    )
