"""What does the network see of a patient's age and sex and of the lesion's site?

A fixed row of numbers an image, in which "not known" is a value of its own. The exported model
encodes the words inside its graph by the same constants.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cygnet.vocabulary import SEXES, SITES

if TYPE_CHECKING:
    import polars as pl

AGE_CENTRE_YEARS = 50.0
AGE_SCALE_YEARS = 20.0

COLUMNS = (
    "age",
    "age missing",
    *(f"sex {word}" for word in SEXES),
    "sex missing",
    *(f"site {word}" for word in SITES),
    "site missing",
)
WIDTH = len(COLUMNS)


def encode_metadata(table: "pl.DataFrame") -> NDArray[np.float32]:
    """Encode ``age_approx``, ``sex`` and ``anatom_site_general_challenge`` as ``(n, WIDTH)``.

    Age is (years - 50) / 20; sex and site are one-hot. A column that the table lacks, an empty cell
    and a word that is not ISIC 2020's count as missing, each marked in a column of its own.

    >>> import polars as pl
    >>> table = pl.DataFrame({"age_approx": [70.0, None], "sex": ["male", None]})
    >>> encode_metadata(table)[:, :5].tolist()
    [[1.0, 0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0, 1.0]]
    """
    encoded = np.zeros((table.height, WIDTH), np.float32)
    age = np.full(table.height, np.nan)
    if "age_approx" in table.columns:
        import polars as pl

        age = table["age_approx"].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    known = np.isfinite(age)
    encoded[known, 0] = (age[known] - AGE_CENTRE_YEARS) / AGE_SCALE_YEARS
    encoded[~known, 1] = 1.0
    _one_hot(table, "sex", SEXES, encoded[:, 2 : 3 + len(SEXES)])
    _one_hot(table, "anatom_site_general_challenge", SITES, encoded[:, 3 + len(SEXES) :])
    return encoded


def missing_metadata(n_images: int) -> NDArray[np.float32]:
    """Give ``(n_images, WIDTH)`` of images of which nothing is known."""
    encoded = np.zeros((n_images, WIDTH), np.float32)
    encoded[:, [place for place, name in enumerate(COLUMNS) if name.endswith("missing")]] = 1.0
    return encoded


def _one_hot(
    table: "pl.DataFrame", column: str, words: tuple[str, ...], out: NDArray[np.float32]
) -> None:
    unknown: list[str | None] = [None] * table.height
    found = table[column].to_list() if column in table.columns else unknown
    places: dict[str | None, int] = {word: place for place, word in enumerate(words)}
    chosen = [places.get(word, len(words)) for word in found]
    out[np.arange(table.height), chosen] = 1.0
