"""Which weights does the quickstart start from? Trained here, on a twin of another seed.

    python benchmarks/start_weights.py [--patients 300] [--epochs 16]

Draws a synthetic cohort from seed 11 (the quickstart's is 2020), trains the backbone of the recipe
``tiny`` on it from random weights, prints the AUROC on that cohort's own test patients, and writes
the file that ships with Cygnet, in half precision. No real image is used. On two processor cores
it takes about half an hour.
"""

import argparse
import tempfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import polars as pl
import torch
from rich.progress import Progress
from safetensors.torch import save_file

from cygnet.cohort.table import Dataset, read_dataset
from cygnet.curation.present import present_images
from cygnet.curation.synth import SETTINGS, TEST_TRUTH, write_twin
from cygnet.evaluation import auroc_estimate
from cygnet.images.pack import open_pack, write_pack
from cygnet.pipeline import quickstart
from cygnet.training.loader import PackedImages, Samples
from cygnet.training.loop import Stage, logits_and_embeddings
from cygnet.training.network import LesionNetwork
from cygnet.training.recipe import Recipe, StageRecipe, read_recipe
from cygnet.training.weights import shipped_weights_file

SEED = 11
N_TEST_PATIENTS = 40
SIZE_PX = 192


def main() -> None:
    """Draw, train, judge, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=300)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--folder", type=Path, help="keep the cohort and checkpoints there")
    given = parser.parse_args()
    if quickstart.SEED == SEED:
        raise SystemExit("the start weights may not see the quickstart's own cohort")
    recipe = read_recipe("tiny")
    kept = nullcontext(given.folder) if given.folder else tempfile.TemporaryDirectory()
    with kept as folder, Progress() as bars:
        data = cohort(Path(folder) / "twin", given.patients, bars)
        images = packed(data, Path(folder) / "pack", recipe, bars)
        network = trained(data, images, recipe, given.epochs, Path(folder) / "stage", bars)
        sentence = judged(network, data, images, recipe)
    file = shipped_weights_file(recipe.network.backbone)
    tensors = {name: halved(tensor) for name, tensor in network.state_dict().items()}
    file.parent.mkdir(exist_ok=True)
    made = f"benchmarks/start_weights.py --patients {given.patients} --epochs {given.epochs}"
    save_file(tensors, file, {"made_by": made, "twin_seed": str(SEED), "torch": torch.__version__})
    print(sentence)
    print(f"wrote {file.name}, {file.stat().st_size / 1e6:.1f} MB")


def cohort(folder: Path, n_patients: int, bars: Progress) -> Dataset:
    """Draw the cohort where it is not there yet."""
    if not (folder / SETTINGS).is_file():
        task = bars.add_task("drawing", total=None)
        write_twin(
            folder,
            n_patients=n_patients,
            n_test_patients=N_TEST_PATIENTS,
            seed=SEED,
            size_px=SIZE_PX,
            melanoma_prevalence=quickstart.PREVALENCE,
            progress=lambda n: bars.advance(task, n),
        )
    return read_dataset(folder)


def packed(data: Dataset, folder: Path, recipe: Recipe, bars: Progress) -> PackedImages:
    """Pack both parts at the size that the network sees."""
    files = present_images(data) or {}
    items = [item for part in files.values() for item in part.items()]
    network = recipe.network
    if not folder.is_dir():
        task = bars.add_task("packing", total=len(items))
        write_pack(
            items,
            folder,
            size_px=network.size_px,
            geometry=network.geometry,
            progress=lambda n: bars.advance(task, n),
        )
    return PackedImages([open_pack(folder)], size_px=network.size_px, geometry=network.geometry)


def trained(
    data: Dataset, images: PackedImages, recipe: Recipe, epochs: int, folder: Path, bars: Progress
) -> LesionNetwork:
    """Train from random weights, resumable in ``folder``."""
    table = data.train.table
    samples = Samples(table["image_name"].to_list(), table["target"].to_numpy().astype(np.float32))
    stage = StageRecipe(
        epochs=epochs,
        batch_size=32,
        learning_rate=2e-3,
        melanoma_fraction=0.4,
        label_smoothing=0.05,
        average_decay=0.98,
    )
    torch.manual_seed(SEED)
    task = bars.add_task("training", total=epochs * len(samples))
    run = Stage(LesionNetwork(recipe.network), stage, recipe, folder, seed=SEED)
    return run.run(samples, images, lambda n: bars.advance(task, n))


def judged(network: LesionNetwork, data: Dataset, images: PackedImages, recipe: Recipe) -> str:
    """Say the AUROC on the cohort's test patients, whom the network did not see."""
    truth = pl.read_csv(data.layout.root / TEST_TRUTH)
    logit, _ = logits_and_embeddings(
        network, truth["image_name"].to_list(), images, recipe, lambda _: None
    )
    found = auroc_estimate(
        truth["target"].to_numpy(), torch.sigmoid(logit.double()).numpy(), truth["patient_id"]
    )
    return (
        f"AUROC {found.estimate:.3f} ({found.lower:.3f} to {found.upper:.3f}) on "
        f"{truth.height} images of {N_TEST_PATIENTS} synthetic patients that were not learnt from"
    )


def halved(tensor: torch.Tensor) -> torch.Tensor:
    """Give the tensor in half precision, whole numbers as they are."""
    return tensor.half().contiguous() if tensor.is_floating_point() else tensor.contiguous()


if __name__ == "__main__":
    main()
