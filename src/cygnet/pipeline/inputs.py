"""From DATA to what can be learnt from: which images are there, which are one, which fold each has.

Nothing is dropped in silence: what is missing, unreadable or shared with the extra data is either
an error or a sentence of the report.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.cohort.columns import Part
from cygnet.cohort.fold_check import check_folds
from cygnet.cohort.folds import make_folds, read_folds, write_folds
from cygnet.cohort.table import Dataset, read_dataset
from cygnet.curation.audit import Audit, audit
from cygnet.curation.present import images_to_pack, present_images
from cygnet.errors import Fault, ImageError, InputError, Offender, TableError
from cygnet.images.pack import Pack, open_pack, write_pack
from cygnet.pipeline.learnt import COLUMNS, samples_of
from cygnet.pipeline.request import Progress, RunRequest
from cygnet.pipeline.same_pictures import picture_digests
from cygnet.training.crossval import TrainingPlan
from cygnet.training.loader import PackedImages, Samples
from cygnet.training.recipe import Recipe

Items = list[tuple[str, Path]]

_MISSING_IMAGES = "missing-images"


@dataclass(frozen=True, slots=True)
class Tables:
    """The checked tables of a run and the files of their images, by part and for the extra data."""

    dataset: Dataset
    extra: tuple[Dataset, ...]
    files: dict[Part, dict[str, Path]]
    extra_files: dict[str, Path]

    def paths(self) -> dict[str, Path]:
        """Give every table's file, for the record of a run."""
        found = {"train": self.dataset.train.file}
        if self.dataset.test is not None:
            found["test"] = self.dataset.test.file
        if self.dataset.lesions is not None:
            found["lesions"] = self.dataset.lesions.file
        return found | {f"extra {n}": data.train.file for n, data in enumerate(self.extra, 1)}


@dataclass(slots=True)
class Prepared:
    """What training and scoring start from.

    ``train`` are the rows of the training table whose images are packed; ``folds`` is
    ``(n_images,)`` in their order.
    """

    train: pl.DataFrame
    test: pl.DataFrame | None
    images: PackedImages
    packs: list[Pack]
    folds: NDArray[np.int64]
    extra: Samples | None
    notices: list[str] = field(default_factory=list)

    def picture(self, image_name: str) -> bytes | None:
        """Give the packed JPEG of an image, or None where it is in no pack."""
        for pack in self.packs:
            if image_name in pack:
                return bytes(pack.jpeg(pack.index_of(image_name)))
        return None


def read_tables(data: Path, extra: Iterable[Path] = ()) -> Tables:
    """Read and check every table; find the images. Raises :class:`TableError`."""
    dataset = read_dataset(data)
    if dataset.train.table["target"].null_count():
        raise TableError.of(
            "The training table has rows without a target; there is nothing to learn from them.",
            "Give a table with a target (0 or 1) in every row.",
            file=dataset.train.file,
        )
    others = tuple(read_dataset(path) for path in extra)
    extra_files: dict[str, Path] = {}
    for other in others:
        extra_files |= (present_images(other) or {}).get("train", {})
    return Tables(dataset, others, present_images(dataset) or {}, extra_files)


def audited(tables: Tables) -> Audit:
    """Audit tables and image files; raise :class:`InputError` for findings of level error.

    Missing images are left to :func:`check_missing`, which knows whether they are allowed.
    """
    found = audit(tables.dataset, tables.files or None)
    errors = [one for one in found.findings if one.level == "error" and one.code != _MISSING_IMAGES]
    if errors:
        raise InputError(*(Fault(f"[{one.code}] {one.message}", one.remedy) for one in errors))
    return found


def check_missing(request: RunRequest, tables: Tables) -> None:
    """Raise :class:`InputError` when images are missing and were not allowed to be."""
    items = images_to_pack(tables.dataset, allow_missing=request.allow_missing)
    if not any(name in tables.files["train"] for name, _ in items):
        raise InputError.of(
            "None of the training images is there.",
            "Put the images into the layout's folders.",
            file=tables.dataset.layout.root,
        )


def prepare(request: RunRequest, tables: Tables, progress: Progress) -> Prepared:
    """Pack, link duplicates, deal folds: everything before training.

    Raises :class:`InputError` for missing images that were not allowed, :class:`ImageError` for
    bad ones that were not to be skipped, and :class:`TableError` for folds that leak.
    """
    dataset = tables.dataset
    train = _present(dataset.train.table, tables.files["train"])
    test = None
    if dataset.test is not None:
        test = _present(dataset.test.table, tables.files["test"])
    notices = _missing_sentences(dataset, train, test)
    extra = _extra_rows(tables, train, notices)
    files = tables.extra_files | tables.files.get("test", {}) | tables.files["train"]
    wanted = [
        name for table in (train, test, extra) if table is not None for name in table["image_name"]
    ]
    items = [(name, files[name]) for name in wanted]
    packs, bad = _packs(request, items, progress)
    if bad:
        notices.append(f"{len(bad)} images could not be read and were left out: {_named(bad)}.")
        train = _without(train, bad)
        test = _without(test, bad) if test is not None else None
        extra = _without(extra, bad) if extra is not None else None
    recipe = request.recipe
    images = PackedImages(packs, size_px=recipe.network.size_px, geometry=recipe.network.geometry)
    digests = picture_digests(packs, files)
    extra = _without_shared_pictures(extra, train, digests, notices)
    linked = [*_listed_pairs(dataset), *_same_pictures(train, digests)]
    folds = _folds(request, dataset.train.table, train, linked, notices)
    return Prepared(train, test, images, packs, folds, _samples(extra, recipe), notices)


def _present(table: pl.DataFrame, files: dict[str, Path]) -> pl.DataFrame:
    return table.filter(pl.col("image_name").is_in(list(files)))


def _without(table: pl.DataFrame, bad: list[str]) -> pl.DataFrame:
    return table.filter(~pl.col("image_name").is_in(bad))


def _named(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _missing_sentences(
    dataset: Dataset, train: pl.DataFrame, test: pl.DataFrame | None
) -> list[str]:
    sentences = []
    for cohort, present in zip(dataset.parts, (train, test), strict=False):
        n_images = cohort.table.height
        n_present = present.height if present is not None else 0
        if n_present < n_images:
            sentences.append(
                f"{n_images - n_present:,} of the {n_images:,} {cohort.part} images are missing; "
                f"everything here is about the {n_present:,} that are present."
            )
    return sentences


def _extra_rows(tables: Tables, train: pl.DataFrame, notices: list[str]) -> pl.DataFrame | None:
    """Give the labelled, present rows of the extra data that share no id with the scored images."""
    if not tables.extra:
        return None
    rows = pl.concat([other.train.table.select(COLUMNS) for other in tables.extra])
    labelled = rows.filter(pl.col("target").is_not_null()).unique("image_name", maintain_order=True)
    usable = _present(labelled, tables.extra_files)
    for unit in ("image_name", "lesion_id", "patient_id"):
        shared = usable[unit].is_in(train[unit].drop_nulls().implode()).fill_null(value=False)
        if shared.any():
            notices.append(
                f"{int(shared.sum())} extra images share their {unit} with a scored image and "
                "were not learnt from."
            )
            usable = usable.filter(~shared)
    notices.append(
        f"{usable.height:,} extra images ({int(usable['target'].sum()):,} melanomas) were learnt "
        f"from and never scored; {rows.height - usable.height:,} rows of the extra tables were "
        "not used."
    )
    return usable


def _packs(request: RunRequest, items: Items, progress: Progress) -> tuple[list[Pack], list[str]]:
    given = [open_pack(request.pack)] if request.pack is not None else []
    lacking = [(name, path) for name, path in items if not any(name in p for p in given)]
    if not lacking:
        return given, []
    folder = request.out / "pack"
    bad: list[str] = []
    network = request.recipe.network
    if not folder.is_dir():
        with progress.bar("packing", len(lacking)) as advance:
            write_pack(
                lacking,
                folder,
                size_px=network.size_px,
                geometry=network.geometry,
                workers=request.workers,
                skip_bad=request.skip_bad_images,
                progress=advance,
            )
    own = open_pack(folder)
    bad = [name for name, _ in lacking if name not in own]
    if bad and not request.skip_bad_images:
        raise ImageError.of(
            "The pack in this run lacks images.",
            "Remove the pack and run again, or leave them out by --skip-bad-images.",
            file=folder,
            offenders=[Offender(name) for name in bad],
        )
    return [*given, own], bad


def _without_shared_pictures(
    extra: pl.DataFrame | None,
    train: pl.DataFrame,
    digests: dict[str, bytes],
    notices: list[str],
) -> pl.DataFrame | None:
    if extra is None:
        return None
    scored = {digests[name] for name in train["image_name"]}
    shared = [name for name in extra["image_name"] if digests[name] in scored]
    if shared:
        notices.append(
            f"{len(shared)} extra images are the same picture as a scored image and were not "
            f"learnt from: {_named(shared)}."
        )
    return _without(extra, shared)


def _listed_pairs(dataset: Dataset) -> list[tuple[str, str]]:
    pairs = dataset.duplicates
    return list(zip(pairs["image_name_1"], pairs["image_name_2"], strict=True))


def _same_pictures(train: pl.DataFrame, digests: dict[str, bytes]) -> list[tuple[str, str]]:
    groups: dict[bytes, list[str]] = defaultdict(list)
    for name in train["image_name"]:
        groups[digests[name]].append(name)
    return [pair for names in groups.values() for pair in pairwise(names)]


def _folds(
    request: RunRequest,
    whole: pl.DataFrame,
    train: pl.DataFrame,
    linked: list[tuple[str, str]],
    notices: list[str],
) -> NDArray[np.int64]:
    kept = request.out / "folds.csv"
    if kept.is_file():
        folds = read_folds(kept, train)
    elif request.folds is not None:
        folds = _given_folds(request.folds, whole, train, linked)
    else:
        folds = make_folds(train, k=request.recipe.n_folds, seed=request.recipe.seed, linked=linked)
    write_folds(kept, folds)
    balance = check_folds(train, folds, linked)
    sizes = ", ".join(f"{fold.n_images:,} ({fold.n_malignant:,})" for fold in balance.balance)
    notices.append(
        "No patient, lesion or duplicate is in two folds. Images (melanomas) a fold: " + sizes + "."
    )
    ordered = train.select("image_name").join(folds, on="image_name", maintain_order="left")
    return ordered["fold"].to_numpy().astype(np.int64)


def _given_folds(
    file: Path, whole: pl.DataFrame, train: pl.DataFrame, linked: list[tuple[str, str]]
) -> pl.DataFrame:
    given = read_folds(file, whole, partial=True)
    without = train.join(given, on="image_name", how="anti")
    if without.height:
        raise TableError.of(
            "An image that is there has no fold.",
            "Give every image of the table a fold.",
            file=file,
            offenders=[Offender(name) for name in without["image_name"]],
        )
    folds = given.join(train.select("image_name"), on="image_name", how="semi")
    report = check_folds(train, folds, linked)
    if not report.ok:
        raise TableError.of(
            f"These folds leak: {report.shared_patients} patients, {report.shared_lesions} lesions "
            f"and {report.split_duplicates} duplicate pairs are in more than one fold.",
            "Make others with cygnet cohort folds; cygnet cohort check-folds names the leaks.",
            file=file,
        )
    return folds


def _samples(extra: pl.DataFrame | None, recipe: Recipe) -> Samples | None:
    if extra is None or extra.height == 0:
        return None
    return samples_of(extra, recipe.network)


def training_plan(request: RunRequest, prepared: Prepared) -> TrainingPlan:
    """Give what the folds are trained from."""
    return TrainingPlan(
        request.recipe,
        prepared.images,
        samples_of(prepared.train, request.recipe.network),
        prepared.folds,
        prepared.extra,
        request.weights,
    )
