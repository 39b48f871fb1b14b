"""Is this table ISIC 2020, and does it say what was published? Counts, and digests of rows.

The counts of International Skin Imaging Collaboration, SIIM-ISIC 2020 Challenge Dataset,
10.34970/2020-ds01 (Rotemberg et al., Scientific Data 8, 34, 2021, 10.1038/s41597-021-00815-z), the
first two tables by their authors, the finer counts computed from the tables. A table is recognised
by its images' names, never by its size, so that a part of it or a synthetic twin is not.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl

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

# SHA-256 of the sorted rows, as `content_digest` writes them.
_PUBLISHED_CONTENT: Final[Mapping[Part, str]] = {
    "train": "04127da9591942f8e8d219d925698f06d0c1057569262661ab1bfd56ec6bd4f3",
    "test": "b8d2df4d511092aa078c8951741d80035a8070f21341330b43cb93881a64ddf7",
}

# The smallest 32 of all digests of the published names: a sample of the names that nobody chose.
_SKETCH_SIZE: Final = 32
_RECOGNISED_SHARE: Final = 0.9
_PUBLISHED_SKETCH: Final[Mapping[Part, frozenset[str]]] = {
    "train": frozenset(
        [
            "000245da2c18",
            "00062b3db2c0",
            "0006ae6e60b0",
            "0006f0cdb636",
            "00073957db9d",
            "001166b02006",
            "00116d3af60f",
            "0012545f1bdf",
            "00131019733a",
            "001393d75add",
            "00164ddb55db",
            "001650cca6d1",
            "00168d457124",
            "001e7c689673",
            "001ec4ad29db",
            "0021f55a3443",
            "00226c3ed451",
            "0022733ea679",
            "002335df486f",
            "0026dc21c204",
            "002ad2d7eb7f",
            "002bde45fd56",
            "002de003d084",
            "0035967992cd",
            "0036e548d668",
            "003ad914c1be",
            "0044cb23b04a",
            "0046a2713e31",
            "004809be79db",
            "004c4ef19269",
            "004dd6a3be96",
            "005384709dc0",
        ]
    ),
    "test": frozenset(
        [
            "00034bf0af0c",
            "0008f66dec92",
            "000948ab229c",
            "001059f74a75",
            "0018a69dbfae",
            "001d4a1378c2",
            "002a331f8e16",
            "002d7d67aa06",
            "0047cc56e7d3",
            "00528246aab9",
            "005427e1ab76",
            "0054e3174f17",
            "0058b8944703",
            "005fab727ac5",
            "006a1771f336",
            "006f95b7d9cf",
            "007bfd6a02f1",
            "00887be93d23",
            "008b555b5d29",
            "008d38424cf4",
            "0091c878ff02",
            "0093998e59d2",
            "009ce3f852f1",
            "009d1c9b1a4f",
            "00ab6f134dd8",
            "00ae1548fe35",
            "00af378cf19b",
            "00b05d4f96d8",
            "00c1bd1370d2",
            "00d0067cf176",
            "00d39e404c40",
            "00d9173a2784",
        ]
    ),
}


def is_isic_2020(image_names: pl.Series, part: Part) -> bool:
    """Say whether ``image_names`` are those of the published part, up to a tenth of them.

    Of the 32 published names whose digests are smallest, at least nine tenths must be there and
    hardly any name with a digest as small may be there besides (a bottom-k sketch).
    """
    published = _PUBLISHED_SKETCH[part]
    largest = max(published)
    here = {digest for digest in _name_digests(image_names) if digest <= largest}
    return len(here & published) >= _RECOGNISED_SHARE * max(len(here), len(published))


def _name_digests(image_names: Iterable[str]) -> set[str]:
    return {hashlib.sha256(name.encode()).hexdigest()[:12] for name in image_names}


def sketch(image_names: Iterable[str]) -> list[str]:
    """Give the 32 smallest digests of ``image_names``: what stands above for the published ones."""
    return sorted(_name_digests(image_names))[:_SKETCH_SIZE]


def content_digest(table: pl.DataFrame, part: Part) -> str:
    """Give one digest of everything that the published columns of ``table`` say, in any order."""
    columns = ["image_name", "patient_id", "sex", "age_approx", "anatom_site_general_challenge"]
    if part == "train":
        columns += ["diagnosis", "benign_malignant", "target"]
    text = (
        table.select(columns)
        .sort("image_name")
        .with_columns(pl.col("age_approx").round().cast(pl.Int64))
        .write_csv(include_header=False)
    )
    return hashlib.sha256(text.encode()).hexdigest()


def says_what_was_published(table: pl.DataFrame, part: Part) -> bool:
    """Say whether every published column of ``table`` holds what was published, row by row."""
    return content_digest(table, part) == _PUBLISHED_CONTENT[part]
