"""How do the tables of a release read? By ISIC 2020's names and columns, and nothing besides.

Only known columns are written, so that dates, free text and whatever else stood in DATA stay
behind. The truth of the test set is a table of its own, for the publisher's eyes.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import polars as pl

from cygnet.curation.release.keyring import write_private
from cygnet.curation.release.selection import Selected
from cygnet.durable import write_whole

GROUND_TRUTH: Final = "ISIC_2020_Training_GroundTruth.csv"
GROUND_TRUTH_V2: Final = "ISIC_2020_Training_GroundTruth_v2.csv"
DUPLICATES: Final = "ISIC_2020_Training_Duplicates.csv"
TEST_METADATA: Final = "ISIC_2020_Test_Metadata.csv"
ATTRIBUTION: Final = "ISIC_2020_Attribution.csv"

TEST_COLUMNS: Final = (
    "image_name",
    "patient_id",
    "sex",
    "age_approx",
    "anatom_site_general_challenge",
)
TRAIN_COLUMNS: Final = (*TEST_COLUMNS, "diagnosis", "benign_malignant", "target")
V2_COLUMNS: Final = (*TRAIN_COLUMNS[:2], "lesion_id", *TRAIN_COLUMNS[2:])
TRUTH_COLUMNS: Final = (*V2_COLUMNS, "Usage")


def write_tables(data: Path, selected: Selected, *, several_sources: bool) -> list[Path]:
    """Write the public tables into ``data``; give those that were written."""
    train, test = selected.train, selected.test
    written = [_write(data / GROUND_TRUTH, train.select(TRAIN_COLUMNS))]
    if train["lesion_id"].null_count() < train.height:
        whole = pl.col("age_approx").cast(pl.Int64)
        second = train.select(V2_COLUMNS).with_columns(whole)
        written.append(_write(data / GROUND_TRUTH_V2, second))
    if selected.pairs:
        pairs = pl.DataFrame(
            list(selected.pairs), schema=["image_name_1", "image_name_2"], orient="row"
        )
        written.append(_write(data / DUPLICATES, pairs))
    if test.height:
        written.append(_write(data / TEST_METADATA, test.select(TEST_COLUMNS)))
    for name, rows in ((GROUND_TRUTH, train), (TEST_METADATA, test)):
        sizes = rows.select("image_name", width="width_px", height="height_px")
        if sizes.height and not sum(sizes.null_count().row(0)):
            table = f"{Path(name).stem}_original_size.csv"
            written.append(_write(data / table, sizes))
    if several_sources:
        thanked = selected.rows.select("image_name", "source")
        written.append(_write(data / ATTRIBUTION, thanked))
    return written


def _write(path: Path, table: pl.DataFrame) -> Path:
    with write_whole(path) as stream:
        table.write_csv(stream)
    return path


def write_truth(file: Path, selected: Selected) -> None:
    """Write the labels of the test images with their public or private part, for the owner alone.

    ``cygnet score`` and a contest read it as their TRUTH.csv.
    """
    table = selected.test.rename({"side": "Usage"}).select(TRUTH_COLUMNS)
    write_private(file, table.write_csv().encode())


def columns_of(tables: Iterable[Path]) -> dict[str, tuple[str, ...]]:
    """Give the columns of each written table by its file name."""
    return {
        table.name: tuple(table.read_text(encoding="utf-8").split("\n", 1)[0].split(","))
        for table in tables
    }
