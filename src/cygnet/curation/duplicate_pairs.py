"""Which pairs of images do the list, the table, bytes and pixels tell of, each by itself?"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from cygnet.cohort.table import Dataset
from cygnet.curation.present import Images
from cygnet.errors import ImageError
from cygnet.shards import run_shards

Pair = tuple[str, str]

_IMAGES_A_SHARD: Final = 64


def listed_pairs(dataset: Dataset) -> set[Pair]:
    """Give the listed pairs of which both images are in the training table."""
    if not dataset.duplicates.height:
        return set()
    here = dataset.train.table["image_name"].implode()
    one, two = pl.col("image_name_1"), pl.col("image_name_2")
    both = dataset.duplicates.filter(one.is_in(here) & two.is_in(here))
    return {named_pair(*names) for names in both.select(one, two).iter_rows()}


def lesion_pairs(dataset: Dataset) -> set[Pair]:
    """Pair each further image of a lesion with the lesion's first image in the table."""
    pairs = set()
    for cohort in dataset.parts:
        lesion = pl.col("lesion_id")
        # Only of lesions with several images, which are few, is the first sought.
        known = cohort.table.filter(lesion.is_not_null() & lesion.is_duplicated())
        first = pl.col("image_name").first().over("lesion_id")
        shared = known.select(first.alias("first"), "image_name").filter(
            pl.col("first") != pl.col("image_name")
        )
        pairs |= {named_pair(*names) for names in shared.iter_rows()}
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
    return paired_with_first(by_digest.values())


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
    return paired_with_first(by_pixels.values()), unreadable


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


def paired_with_first(groups: Iterable[Sequence[str]]) -> set[Pair]:
    """Pair each further image of a group with its first."""
    return {named_pair(group[0], other) for group in groups for other in group[1:]}


def named_pair(one: str, two: str) -> Pair:
    """Give a pair with its names in order."""
    return (one, two) if one < two else (two, one)


def same_digest_pairs(digests: Mapping[str, str]) -> set[Pair]:
    """Pair the images of one digest, given by image."""
    by_digest: dict[Hashable, list[str]] = defaultdict(list)
    for name, digest in digests.items():
        by_digest[digest].append(name)
    return paired_with_first(by_digest.values())
