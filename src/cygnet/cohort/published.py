"""Is this table ISIC 2020 or a part of it, and does it say what was published? Counts and rows.

The counts of International Skin Imaging Collaboration, SIIM-ISIC 2020 Challenge Dataset,
10.34970/2020-ds01 (Rotemberg et al., Scientific Data 8, 34, 2021, 10.1038/s41597-021-00815-z), the
first two tables by their authors, the finer counts computed from the tables. A table is recognised
by its images' names, never by its size, so that a synthetic twin is not; a part of it is. Of the
published rows only digests are kept here (``published_rows.npz``): four bytes of a name, four of
all that its row says, four of its lesion, and sixteen of each table. No cell can be read back; who
knows a row can check it. ``tests/cohort/published_digests.py`` made the file.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cygnet.cohort.columns import Part

DATASET: Final = "ISIC 2020 (10.34970/2020-ds01)"

PUBLISHED_COUNTS: Final[Mapping[Part, Mapping[str, int]]] = {
    "train": {
        "n_images": 33_126,
        "n_patients": 2_056,
        "n_lesions": 32_701,
        "n_benign": 32_542,
        "n_malignant": 584,
        "n_melanoma_patients": 428,
        "max_melanomas_a_patient": 8,
        "min_images_a_patient": 2,
        "max_images_a_patient": 115,
        "n_patients_of_several_ages": 997,
    },
    "test": {
        "n_images": 10_982,
        "n_patients": 690,
        "min_images_a_patient": 3,
        "max_images_a_patient": 240,
    },
}

PUBLISHED_VALUES: Final[Mapping[Part, Mapping[str, Mapping[str, int]]]] = {
    "train": {
        "diagnosis": {
            "unknown": 27_124,
            "nevus": 5_193,
            "melanoma": 584,
            "seborrheic keratosis": 135,
            "lentigo NOS": 44,
            "lichenoid keratosis": 37,
            "solar lentigo": 7,
            "cafe-au-lait macule": 1,
            "atypical melanocytic proliferation": 1,
        },
        "anatom_site_general_challenge": {
            "torso": 16_845,
            "lower extremity": 8_417,
            "upper extremity": 4_983,
            "head/neck": 1_855,
            "palms/soles": 375,
            "oral/genital": 124,
            "missing": 527,
        },
        "sex": {"male": 17_080, "female": 15_981, "missing": 65},
        "age_approx": {"missing": 68},
    },
    "test": {"anatom_site_general_challenge": {"missing": 351}},
}

PUBLISHED_DUPLICATES: Final[Mapping[str, int]] = {
    "n_listed": 425,
    "n_listed_same_lesion": 417,
    "n_listed_other_lesion": 8,
    "n_unlisted_same_lesion": 8,
    "n_union": 433,
    "n_listed_malignant": 3,
}

PUBLISHED_COLUMNS: Final[Mapping[Part, tuple[str, ...]]] = {
    "train": (
        "image_name",
        "patient_id",
        "sex",
        "age_approx",
        "anatom_site_general_challenge",
        "diagnosis",
        "benign_malignant",
        "target",
    ),
    "test": ("image_name", "patient_id", "sex", "age_approx", "anatom_site_general_challenge"),
}

# Of a table's names so many must be published ones; of the published ones so many must be there
# for counts to be compared.
RECOGNISED_SHARE: Final = 0.9

_DIGESTS: Final = "published_rows.npz"
_LESION_COLUMNS: Final = ("image_name", "lesion_id")

Digests = NDArray[np.uint32]
Rows = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PublishedRows:
    """What the rows of one table are beside those that were published, ``(n_images,)`` each.

    ``known`` rows have a published image_name; ``changed`` ones among them say another thing in a
    published column, ``lesion_changed`` ones have another lesion_id (where the table has any).
    """

    part: Part
    known: Rows
    changed: Rows
    lesion_changed: Rows

    @property
    def share_here(self) -> float:
        """Share of the published images that the table has."""
        return float(np.count_nonzero(self.known)) / PUBLISHED_COUNTS[self.part]["n_images"]

    @property
    def is_recognised(self) -> bool:
        """Whether nine in ten of the table's names are published ones."""
        return bool(self.known.size) and float(self.known.mean()) >= RECOGNISED_SHARE

    @property
    def is_whole(self) -> bool:
        """Whether it is recognised and has nine in ten of the published images."""
        return self.is_recognised and self.share_here >= RECOGNISED_SHARE

    @property
    def says_what_was_published(self) -> bool:
        """Whether every row is a published one and says what was published."""
        return bool((self.known & ~self.changed & ~self.lesion_changed).all())


def published_rows(table: pl.DataFrame, part: Part) -> PublishedRows:
    """Hold each row of a canonical ``table`` against the published ones.

    In a table that is not recognised by its names nothing else is compared.
    """
    if table.height * RECOGNISED_SHARE > PUBLISHED_COUNTS[part]["n_images"]:
        # Names are unique: of so many hardly any can be published ones.
        nothing = np.zeros(table.height, dtype=bool)
        return PublishedRows(part, nothing, nothing, nothing)
    published = _published(part)
    nothing = np.zeros(table.height, dtype=bool)
    has_lesions = "lesions" in published and table["lesion_id"].null_count() < table.height
    # Most tables are whole: one digest of all rows takes a tenth of the time of one a row.
    if _is_all_of(table, part, published["all_rows"]) and not (
        has_lesions and not _is_all_of(table, part, published["all_lesions"], _LESION_COLUMNS)
    ):
        return PublishedRows(part, ~nothing, nothing, nothing)
    names = published["names"]
    here = _digests(table["image_name"])
    at = np.minimum(np.searchsorted(names, here), names.size - 1)
    known = np.asarray(names[at] == here, bool)
    if not known.size or known.mean() < RECOGNISED_SHARE:
        return PublishedRows(part, known, nothing, nothing)
    changed = known & (row_digests(table, part) != published["rows"][at])
    lesion_changed = nothing
    if has_lesions:
        lesion_changed = known & (lesion_digests(table) != published["lesions"][at])
    return PublishedRows(part, known, changed, lesion_changed)


def _is_all_of(
    table: pl.DataFrame, part: Part, digest: Digests, columns: Sequence[str] | None = None
) -> bool:
    """Say whether ``table`` has the published rows, all of them and no other, in any order."""
    if table.height != PUBLISHED_COUNTS[part]["n_images"]:
        return False
    here = _digest_of_all(_joined(table, columns or PUBLISHED_COLUMNS[part]))
    return bool((here == digest).all())


def row_digests(table: pl.DataFrame, part: Part) -> Digests:
    """Give one digest ``(n_images,)`` of all that a row says in the published columns."""
    return _digests(_joined(table, PUBLISHED_COLUMNS[part]))


def lesion_digests(table: pl.DataFrame) -> Digests:
    """Give one digest ``(n_images,)`` of image_name and lesion_id."""
    return _digests(_joined(table, _LESION_COLUMNS))


def packed_digests(tables: Mapping[Part, pl.DataFrame]) -> bytes:
    """Give the file of digests of the published ``tables``: how the one here was made."""
    stream = BytesIO()
    np.savez(
        stream,
        allow_pickle=False,
        **{
            f"{part}_{name}": digests
            for part, table in tables.items()
            for name, digests in _arrays(table, part).items()
        },
    )
    return stream.getvalue()


def _arrays(table: pl.DataFrame, part: Part) -> dict[str, Digests]:
    names = _digests(table["image_name"])
    # By the digest of the name: not even the order of the rows is told.
    order = np.argsort(names)
    arrays = {
        "names": names[order],
        "rows": row_digests(table, part)[order],
        "all_rows": _digest_of_all(_joined(table, PUBLISHED_COLUMNS[part])),
    }
    if part == "train":
        arrays["lesions"] = lesion_digests(table)[order]
        arrays["all_lesions"] = _digest_of_all(_joined(table, _LESION_COLUMNS))
    return arrays


@cache
def _published(part: Part) -> dict[str, Digests]:
    data = files("cygnet.cohort").joinpath(_DIGESTS).read_bytes()
    with np.load(BytesIO(data), allow_pickle=False) as arrays:
        mine = [name for name in arrays if name.startswith(f"{part}_")]
        return {name.removeprefix(f"{part}_"): arrays[name] for name in mine}


def _joined(table: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    cells = [
        pl.col(name).round().cast(pl.Int64) if name == "age_approx" else pl.col(name)
        for name in columns
    ]
    texts = [cell.cast(pl.String).fill_null("") for cell in cells]
    return table.select(text=pl.concat_str(texts, separator="|"))["text"]


def _digests(texts: Iterable[str]) -> Digests:
    """Give the first four bytes of BLAKE2b of each text; 33,126 names have 33,126 of them."""
    blake2b = hashlib.blake2b
    data = b"".join(blake2b(text.encode(), digest_size=4).digest() for text in texts)
    return np.frombuffer(data, dtype=">u4").astype(np.uint32)


def _digest_of_all(texts: pl.Series) -> Digests:
    """Give sixteen bytes of BLAKE2b of all texts, whatever their order."""
    together = "\n".join(texts.sort()).encode()
    digest = hashlib.blake2b(together, digest_size=16).digest()
    return np.frombuffer(digest, dtype=">u4").astype(np.uint32)
