"""How sure is the truth? The confirmation rule of ISIC 2020, where the table says how it was made.

Malignant must be confirmed by histopathology; benign by histopathology, by follow-up without change
or by the agreement of experts (Rotemberg et al. 2021, 10.1038/s41597-021-00815-z). Spellings of the
ISIC Archive and of HAM10000 were mapped when the table was read.
"""

from collections.abc import Iterator

import polars as pl

from cygnet.curation.checks.seen import Seen, rows_where
from cygnet.curation.findings import Finding
from cygnet.vocabulary import (
    BENIGN,
    BENIGN_CONFIRMATIONS,
    MALIGNANT,
    MALIGNANT_CONFIRMATIONS,
    OTHER_MALIGNANT_DIAGNOSES,
)

_COLUMN = "diagnosis_confirm_type"


def confirmation_rule(seen: Seen) -> Iterator[Finding]:
    """Find truths that are not confirmed as they must be, and those of which nothing is said."""
    train = seen.dataset.train
    if _COLUMN not in train.table.columns or not train.table[_COLUMN].count():
        return
    name = train.file.name
    how, said = pl.col(_COLUMN), pl.col(_COLUMN).is_not_null()
    malignant = _is_malignant()
    benign = ~malignant & (pl.col("target") == 0).fill_null(value=False)
    for code, subjects, allowed, said_of in (
        (
            "malignant-not-by-histopathology",
            malignant,
            MALIGNANT_CONFIRMATIONS,
            "malignant and not confirmed by histopathology",
        ),
        (
            "benign-not-confirmed",
            benign,
            BENIGN_CONFIRMATIONS,
            "benign and confirmed by neither histopathology, follow-up nor experts' agreement",
        ),
    ):
        breaks = subjects & said & ~how.is_in(list(allowed)).fill_null(value=False)
        message = f"{{count}} of {{total}} rows of {name} are {said_of}."
        yield from rows_where(code, message, train, breaks, _COLUMN, shown=_SHOWN)
    yield from rows_where(
        "confirmation-unknown",
        f"{{count}} of {{total}} rows of {name} do not say how their truth was confirmed.",
        train,
        ~said,
        "image_name",
    )


_SHOWN = pl.format(
    "{}: {}, {}",
    "image_name",
    pl.coalesce("benign_malignant", pl.format("target {}", "target"), pl.lit("no target")),
    _COLUMN,
)


def _is_malignant() -> pl.Expr:
    """Give whether a row says malignant: a melanoma, or a carcinoma with target 0."""
    said = (
        (pl.col("target") == 1)
        | (pl.col("benign_malignant") == MALIGNANT)
        | pl.col("diagnosis").is_in(list(OTHER_MALIGNANT_DIAGNOSES))
    ).fill_null(value=False)
    denied = (pl.col("benign_malignant") == BENIGN).fill_null(value=False)
    return said & ~(denied & (pl.col("target") == 0).fill_null(value=False))
