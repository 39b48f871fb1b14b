"""How does an ensemble become one network? A student learns what the ensemble said out of fold.

Each image's target is a mixture of its label and the logit mean of the runs' out-of-fold
probabilities, so that no teacher judged an image that it had learnt. The student learns from all
images: its own worth shows on new patients alone, and the runs' out-of-fold scores are not its.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cygnet.durable import write_text_whole
from cygnet.errors import InputError
from cygnet.images.decode import decoding_name
from cygnet.images.pack import open_pack
from cygnet.inference import familiar
from cygnet.inference.model import names_digest
from cygnet.pipeline.ensemble_job import read_runs
from cygnet.pipeline.job import require_train_extra
from cygnet.pipeline.request import versions
from cygnet.pipeline.stacking import Floats, logit_mean
from cygnet.training.crossval import new_network
from cygnet.training.export import FoldModel, write_model
from cygnet.training.judging import logits_and_embeddings
from cygnet.training.loader import PackedImages, Samples
from cygnet.training.loop import Stage
from cygnet.training.recipe import Recipe, recipe_toml

TEACHER_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class DistilRequest:
    """All that ``cygnet distil`` was asked."""

    truth: Path
    runs: tuple[Path, ...]
    out: Path
    recipe: Recipe
    weights: Path | None = None
    pack: Path | None = None


def distil(
    request: DistilRequest, advance: Callable[[int], None] = lambda _: None
) -> dict[str, Any]:
    """Train the student and write ``model.onnx``, ``recipe.toml`` and ``distil.json`` in ``out``.

    A student that was stopped goes on where it was. Raises :class:`InputError` for runs that do not
    fit together, and where the images are not packed.
    """
    require_train_extra()
    read = read_runs(request.truth, list(request.runs))
    names = read.table["image_name"].to_list()
    teacher = logit_mean(read.probabilities)
    recipe = student_recipe(request.recipe)
    images = _packed(request, recipe, names)
    write_text_whole(request.out / "recipe.toml", recipe_toml(recipe))
    network = new_network(recipe, request.weights)
    targets = TEACHER_SHARE * teacher + (1 - TEACHER_SHARE) * read.target
    stage = Stage(network, recipe.finetune, recipe, request.out / "student", seed=recipe.seed)
    network = stage.run(Samples(names, targets.astype(np.float32)), images, advance)
    logit, embedding = logits_and_embeddings(network, names, images, recipe, advance)
    document = _description(request, recipe, names, logit.double().numpy(), teacher)
    usual = familiar.familiar_json([embedding.numpy()])
    further = {} if usual is None else {familiar.KEY: usual}
    state = {name: tensor.detach().cpu() for name, tensor in network.state_dict().items()}
    model = request.out / "model.onnx"
    write_model(model, recipe.network, [FoldModel(state, 1.0, 0.0)], document, further=further)
    said = {key: document[key] for key in ("distilled", "versions", "use")}
    write_text_whole(request.out / "distil.json", json.dumps(said, indent=2) + "\n")
    return said


def student_recipe(recipe: Recipe) -> Recipe:
    """Give ``recipe`` as a student needs it: soft binary targets, every image once an epoch."""
    drawn = {"melanoma_fraction": None, "balance": "none", "loss": "bce", "label_smoothing": 0.0}
    return recipe.model_copy(
        update={
            "network": recipe.network.model_copy(update={"targets": "binary", "metadata": False}),
            "finetune": recipe.finetune.model_copy(update=drawn),
        }
    )


def _packed(request: DistilRequest, recipe: Recipe, names: Sequence[str]) -> PackedImages:
    folder = request.pack or request.runs[0] / "pack"
    network = recipe.network
    packs = [open_pack(folder)]
    images = PackedImages(packs, size_px=network.size_px, geometry=network.geometry)
    lacking = sum(name not in images for name in names)
    if lacking:
        raise InputError.of(
            f"{lacking:,} of the runs' {len(names):,} images are not in the pack.",
            "Give the pack that they were trained on with --pack.",
            file=folder,
        )
    return images


def _description(
    request: DistilRequest,
    recipe: Recipe,
    names: Sequence[str],
    logit: Floats,
    teacher: Floats,
) -> dict[str, Any]:
    student = 1 / (1 + np.exp(-logit))
    return {
        "size_px": recipe.network.size_px,
        "geometry": recipe.network.geometry,
        "decoding": decoding_name(recipe.network.geometry),
        "test_time_views": recipe.test_time_views,
        "classes": ["benign", "melanoma"],
        "folds": [0],
        "calibration": {"method": "the teacher's", "slope": [1.0], "intercept": [0.0]},
        "recipe": recipe.model_dump(),
        "versions": versions(),
        "trained_on": names_digest(names),
        "distilled": {
            "runs": [run.resolve().name for run in request.runs],
            "n_images": len(names),
            "teacher_share": TEACHER_SHARE,
            "correlation_with_teacher": float(np.corrcoef(student, teacher)[0, 1]),
            "note": "Learnt from all images; it has no out-of-fold score of its own.",
        },
        "use": "Research use only; not a medical device.",
    }
