"""Which images show the same lesion? Pairs by the list, the table, the bytes, the pixels.

Listed and evident pairs: on the official list, under one lesion_id, equal byte for byte, equal
pixel for pixel. Says nothing of images that merely look alike.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from cygnet.cohort.columns import Part
from cygnet.cohort.table import Dataset
from cygnet.curation.present import Images, named_images
from cygnet.errors import ImageError
from cygnet.shards import run_shards

Evidence = Literal["listed", "same_lesion", "same_bytes", "same_pixels"]
EVIDENCE: Final[tuple[Evidence, ...]] = ("listed", "same_lesion", "same_bytes", "same_pixels")

Pair = tuple[str, str]

_IMAGES_A_SHARD: Final = 64


@dataclass(frozen=True)
class DuplicatePair:
    """Two images and all that speaks for their being duplicates; the names in order."""

    image_name_1: str
    image_name_2: str
    part_1: Part
    part_2: Part
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Duplicates:
    """The pairs of a dataset, and the images that could not be read as pictures.

    ``sought`` are the kinds of evidence that were looked for.
    """

    pairs: tuple[DuplicatePair, ...]
    unreadable: tuple[str, ...]
    sought: tuple[Evidence, ...]

    def count(self, evidence: Evidence) -> int | None:
        """Count the pairs for which ``evidence`` speaks; None where it was not looked for."""
        if evidence not in self.sought:
            return None
        return sum(evidence in pair.evidence for pair in self.pairs)

    def as_json(self) -> dict[str, Any]:
        """Give the pairs as the JSON of ``cygnet cohort duplicates``."""
        return {
            "n_pairs": len(self.pairs),
            "by_evidence": {evidence: self.count(evidence) for evidence in EVIDENCE},
            "n_unreadable": len(self.unreadable),
            "unreadable": list(self.unreadable),
            "pairs": [
                {
                    "image_name_1": pair.image_name_1,
                    "image_name_2": pair.image_name_2,
                    "part_1": pair.part_1,
                    "part_2": pair.part_2,
                    "evidence": list(pair.evidence),
                }
                for pair in self.pairs
            ],
        }


def listed_pairs(dataset: Dataset) -> set[Pair]:
    """Give the listed pairs of which both images are in the training table."""
    here = dataset.train.table["image_name"].implode()
    one, two = pl.col("image_name_1"), pl.col("image_name_2")
    both = dataset.duplicates.filter(one.is_in(here) & two.is_in(here))
    return {_pair(*names) for names in both.select(one, two).iter_rows()}


def lesion_pairs(dataset: Dataset) -> set[Pair]:
    """Pair each further image of a lesion with the lesion's first image in the table."""
    pairs = set()
    for cohort in dataset.parts:
        known = cohort.table.filter(pl.col("lesion_id").is_not_null())
        first = pl.col("image_name").first().over("lesion_id")
        shared = known.select(first.alias("first"), "image_name").filter(
            pl.col("first") != pl.col("image_name")
        )
        pairs |= {_pair(*names) for names in shared.iter_rows()}
    return pairs


def same_bytes_pairs(images: Images) -> set[Pair]:
    """Pair the images whose files are equal byte for byte, across all parts.

    Only files of equal length are read.
    """
    by_length: dict[Hashable, list[tuple[str, Path]]] = defaultdict(list)
    for files in images.values():
        for name, path in files.items():
            by_length[path.stat().st_size].append((name, path))
    by_digest: dict[Hashable, list[str]] = defaultdict(list)
    for length, alike in by_length.items():
        if len(alike) > 1:
            for name, path in alike:
                by_digest[length, hashlib.sha256(path.read_bytes()).digest()].append(name)
    return _paired_with_first(by_digest.values())


def same_pixels_pairs(
    images: Images,
    *,
    workers: int | None = None,
    ray_address: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[set[Pair], list[str]]:
    """Pair the images that decode to equal pixels, across all parts.

    Decodes every image, on ``workers`` processes or a Ray cluster. Also gives the image_name of
    each image that cannot be decoded. ``progress`` is told how many more images are done.
    """
    items = [item for files in images.values() for item in files.items()]
    shards = [items[at : at + _IMAGES_A_SHARD] for at in range(0, len(items), _IMAGES_A_SHARD)]
    by_pixels: dict[Hashable, list[str]] = defaultdict(list)
    unreadable = []
    digests: dict[str, str | None] = {}
    for index, found in run_shards(
        _pixel_digests, shards, workers=workers, ray_address=ray_address
    ):
        digests.update(found)
        if progress is not None:
            progress(len(shards[index]))
    for name, _ in items:
        digest = digests[name]
        if digest is None:
            unreadable.append(name)
        else:
            by_pixels[digest].append(name)
    return _paired_with_first(by_pixels.values()), unreadable


def _pixel_digests(shard: Sequence[tuple[str, Path]]) -> list[tuple[str, str | None]]:
    # Here, not above: it brings the decoders, and most callers look at tables and bytes only.
    from cygnet.images.fingerprint import image_fingerprint

    digests: list[tuple[str, str | None]] = []
    for name, path in shard:
        try:
            digests.append((name, image_fingerprint(path.read_bytes()).pixels_sha256))
        except ImageError:
            digests.append((name, None))
    return digests


def _paired_with_first(groups: Iterable[Sequence[str]]) -> set[Pair]:
    return {_pair(group[0], other) for group in groups for other in group[1:]}


def _pair(one: str, two: str) -> Pair:
    return (one, two) if one < two else (two, one)


def linked_pairs(dataset: Dataset, images: Images | None = None) -> list[Pair]:
    """Give the pairs of training images that must share a fold: listed, or equal in bytes.

    Pairs under one lesion_id need no naming: folds look at lesion_id themselves.
    """
    pairs = listed_pairs(dataset)
    if images is not None:
        train: Images = {"train": named_images(dataset, images)["train"]}
        pairs |= same_bytes_pairs(train)
    return sorted(pairs)


def find_duplicates(
    dataset: Dataset,
    images: Images | None,
    *,
    pixels: bool = True,
    workers: int | None = None,
    ray_address: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Duplicates:
    """Find every listed or evident pair of ``dataset``.

    Without ``images`` only the tables are looked at; without ``pixels`` no image is decoded.
    """
    by_evidence: dict[Evidence, set[Pair]] = {
        "listed": listed_pairs(dataset),
        "same_lesion": lesion_pairs(dataset),
    }
    unreadable: list[str] = []
    if images is not None:
        named = named_images(dataset, images)
        by_evidence["same_bytes"] = same_bytes_pairs(named)
        if pixels:
            by_evidence["same_pixels"], unreadable = same_pixels_pairs(
                named, workers=workers, ray_address=ray_address, progress=progress
            )
    part: dict[str, Part] = {
        name: cohort.part for cohort in dataset.parts for name in cohort.table["image_name"]
    }
    pairs = tuple(
        DuplicatePair(
            *names,
            part[names[0]],
            part[names[1]],
            tuple(kind for kind in EVIDENCE if names in by_evidence.get(kind, ())),
        )
        for names in sorted(set().union(*by_evidence.values()))
    )
    return Duplicates(pairs, tuple(unreadable), tuple(by_evidence))
