"""What can a paper say of how a run made its model? From the resolved recipe and the record."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from cygnet.report import numbers
from cygnet.report.baselines import shortcut_verdict
from cygnet.report.reporting.facts import Facts, RunSource
from cygnet.report.reporting.phrases import joined, listed, percent, written_estimate

_START = {
    "random": "random numbers",
    "shipped": "weights that ship with Cygnet and were learnt from synthetic images alone",
    "timm": "the pretrained weights of the timm library",
}
_DEVICES = {
    "cpu": ", training on the processors",
    "cuda": ", training on a GPU (CUDA)",
    "mps": ", training on a GPU (MPS)",
}
_GEOMETRY = {
    "squash": "squashed to a square",
    "crop": "cropped to a square",
    "pad": "padded to a square",
}


def partition(facts: Facts) -> str | None:
    """Say how the images were dealt to folds, and who scored whom."""
    k = _folds(facts)
    if k is None:
        return None
    units = "lesion or known duplicate"
    units = f"patient, {units}" if facts.patients_known else units
    return (
        f"Images were divided into {k} folds such that no {units} was in two of them. Each fold "
        "was scored once, by a network that learnt from the others alone; no epoch, threshold or "
        "weight was chosen on the fold that was scored."
    )


def fold_sizes(facts: Facts) -> str | None:
    """Say how many images and melanomas each fold held."""
    images = facts.images
    if facts.run is None or images is None or "fold" not in images.columns:
        return None
    folds = images.group_by("fold").agg(n=pl.len(), k=pl.col("target").sum()).sort("fold")
    said = [
        f"{numbers.format_count(n)} ({numbers.format_count(k)})" for _, n, k in folds.iter_rows()
    ]
    return f"The folds held, in images (of melanoma), {listed(said)}."


def extra_data(facts: Facts) -> str | None:
    """Say how many further images were learnt from."""
    source = _source(facts)
    if source is None:
        return None
    if not source.n_extra or not _section(facts, "pretrain"):
        return "Beside what its start weights may hold, the model learnt from no other images."
    extra = numbers.counted(source.n_extra, "image")
    return f"Before its folds, every network learnt from {extra} of other data, never scored."


def predictors(facts: Facts) -> str | None:
    """Say what the network saw: pixels, and nothing of the patient."""
    network = _section(facts, "network")
    if not network:
        return None
    return (
        "The only predictor was the image: the network saw its pixels, and neither age, sex, site "
        "nor the patient's other images."
    )


def preprocessing(facts: Facts) -> str | None:
    """Say how a picture became the network's input."""
    network = _section(facts, "network")
    if "size_px" not in network:
        return None
    size = network["size_px"]
    shape = _GEOMETRY.get(str(network.get("geometry")), "resized to a square")
    views = _recipe(facts).get("test_time_views")
    return joined(
        f"Images were {shape} of {size} by {size} pixels and normalised.",
        _augmentation(facts),
        f"For a prediction, the logits of {views} flipped or turned views were averaged."
        if isinstance(views, int) and views > 1
        else "",
    )


def audited(facts: Facts) -> str | None:
    """Say that tables and files were checked before anything was learnt."""
    if _source(facts) is None:
        return None
    return (
        "Tables and image files were audited before training (identifiers, labels, duplicates, "
        "missing files); the findings are in audit.json."
    )


def network(facts: Facts) -> str | None:
    """Say the type of model, its start, its training and its calibration."""
    section, recipe = _section(facts, "network"), _recipe(facts)
    if "backbone" not in section:
        return None
    return joined(
        f"The model was a neural network ({section['backbone']} of the timm library) with one "
        "logit.",
        _start(facts),
        _stage("It was trained", _section(facts, "finetune")),
        _stage("Before that, on the other data, it was trained", _section(facts, "pretrain"))
        if (source := _source(facts)) and source.n_extra
        else "",
        f"The settings were those of the recipe {recipe['name']}, given before training; none was "
        "tuned in this run."
        if "name" in recipe
        else "",
    )


def calibrated(facts: Facts) -> str | None:
    """Say how logits became probabilities."""
    if _folds(facts) is None:
        return None
    return (
        "The logits of each fold were turned into probabilities by a logistic line (Platt) that "
        "was fitted on the other folds."
    )


def synthetic(facts: Facts) -> str | None:
    """Say that the start weights were learnt from synthetic images, where they were."""
    if facts.run is None or "--weights" in facts.run.hashes:
        return None
    if _recipe(facts).get("start") != "shipped":
        return None
    return "The start weights were learnt from synthetic images, which Cygnet can draw again."


def imbalance(facts: Facts) -> str | None:
    """Say what was done about the rarity of melanoma while training."""
    finetune = _section(facts, "finetune")
    if not finetune:
        return None
    share = finetune.get("melanoma_fraction")
    if not isinstance(share, float):
        return "Every image was drawn once an epoch: the classes were not balanced."
    drawn = percent(share)
    return (
        f"Melanomas were drawn so that they made up {drawn} of an epoch; the calibration "
        "afterwards fits the prevalence of these images."
    )


def evaluated_inside(facts: Facts) -> str | None:
    """Say that the model was judged on the data that it was developed on."""
    if _folds(facts) is None:
        return None
    return (
        "Development and evaluation used the same data, by cross-validation; no images from "
        "elsewhere were scored."
    )


def exported(facts: Facts) -> str | None:
    """Say where the whole model is."""
    if facts.run is None or "model.onnx" not in facts.run.files:
        return None
    return (
        "The whole model, the networks of all folds with their calibration, is in model.onnx; "
        "its probability is the mean of the folds'."
    )


def output(facts: Facts) -> str | None:
    """Say what the model gives."""
    if facts.card is None:
        return None
    return "The output is a probability of melanoma between 0 and 1 for each image."


def shortcuts(facts: Facts) -> str | None:
    """Say what models reach that see no lesion."""
    if facts.run is None or facts.card is None:
        return None
    found = [one for one in facts.run.baselines if one.kind == "shortcut"]
    if not found:
        return None
    said = "; ".join(f"{written_estimate(one.auroc)} from {one.sees}" for one in found)
    verdict = shortcut_verdict(facts.card.metrics["auroc"], facts.run.baselines)
    return joined(f"Models that saw no lesion reached an AUROC of {said}.", verdict)


def machine(facts: Facts) -> str | None:
    """Say on what the run was computed, and how long it took."""
    if facts.run is None or not facts.run.machine:
        return None
    source = _source(facts)
    arithmetic = source.arithmetic if source else {}
    device = _DEVICES.get(str(arithmetic.get("device")), "")
    total = sum(facts.run.seconds.values())
    taken = f"; all parts took {numbers.format_duration(total)}" if total else ""
    return f"The run was computed on {facts.run.machine}{device}{taken}."


def hashes(facts: Facts) -> str | None:
    """Give the fingerprints by which the tables can be known again."""
    found = facts.run.hashes if facts.run else {}
    tables = [f"{name} {digest[:12]}" for name, digest in found.items() if name.startswith("table")]
    if not tables:
        return None
    return f"The tables are known by the first digits of their SHA-256: {listed(tables)}."


def research_use(facts: Facts) -> str | None:
    """Say what a model of this software is for."""
    if facts.run is None:
        return None
    return "The model is for research use only; it is not a medical device."


def _recipe(facts: Facts) -> Mapping[str, Any]:
    return facts.run.recipe if facts.run else {}


def _section(facts: Facts, name: str) -> Mapping[str, Any]:
    found = _recipe(facts).get(name)
    return found if isinstance(found, Mapping) else {}


def _source(facts: Facts) -> RunSource | None:
    return facts.run.source if facts.run else None


def _folds(facts: Facts) -> int | None:
    """Count the folds of a run whose folds were checked; nobody else's are vouched for."""
    if _source(facts) is None or facts.images is None or "fold" not in facts.images.columns:
        return None
    return facts.images["fold"].n_unique()


def _start(facts: Facts) -> str | None:
    digest = facts.run.hashes.get("--weights") if facts.run else None
    if digest:
        return f"Training began from the weights of a given file (SHA-256 {digest[:12]})."
    start = _START.get(str(_recipe(facts).get("start")))
    return f"Training began from {start}." if start else None


def _stage(begin: str, stage: Mapping[str, Any]) -> str | None:
    if "epochs" not in stage:
        return None
    epochs = numbers.counted(stage["epochs"], "epoch")
    named = (
        ("batch_size", "batches of {}"),
        ("learning_rate", "learning rate {:g}"),
        ("weight_decay", "weight decay {:g}"),
        ("label_smoothing", "label smoothing {:g}"),
        ("average_decay", "weights averaged with decay {:g}"),
    )
    settings = [words.format(stage[key]) for key, words in named if stage.get(key)]
    told = ", ".join(["AdamW with warm-up and cosine decay", *settings])
    return f"{begin} for {epochs} by binary cross-entropy ({told})."


def _augmentation(facts: Facts) -> str | None:
    augment = _section(facts, "augment")
    named = (
        ("dihedral", "flipped and turned by right angles"),
        ("rotation_degrees", "rotated by up to {:g} degrees"),
        ("zoom", "zoomed by up to {:g} either way"),
        ("shift", "shifted by up to {:g} of the side"),
        ("brightness", "varied in brightness by up to {:g}"),
        ("contrast", "in contrast by up to {:g}"),
        ("saturation", "in saturation by up to {:g}"),
        ("cutout", "covered by a grey square of up to {:g} of the side"),
    )
    done = [words.format(augment[key]) for key, words in named if augment.get(key)]
    return f"Training images were {listed(done)}, at random." if done else None
