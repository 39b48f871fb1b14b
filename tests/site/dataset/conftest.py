"""A release of two versions, of the synthetic twin, and the site that shows it."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from cygnet.curation.release.config import read_release_config
from cygnet.curation.release.release import write_release
from cygnet.site.folder import ContestFolder
from small_release import write_config, write_source

SECTIONS = """
[split]
test_share = 0.25
[datasheet]
collection = "Contact dermoscopy in routine care."
labelling = "Melanoma: histopathology. Others: follow-up."
uses_to_avoid = "Diagnosis of a patient."
"""


@pytest.fixture(scope="session")
def release_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second version of a small dataset; one site was corrected after the first."""
    folder = tmp_path_factory.mktemp("dataset")
    data = write_source(folder)
    write_release(
        data, folder / "v1", read_release_config(write_config(folder, SECTIONS)), workers=1
    )
    name = pl.read_csv(data / "train.csv")["image_name"][0]
    for file in (data / "train.csv", data / "ISIC_2020_Training_GroundTruth_v2.csv"):
        correct_site(file, name)
    later = '[previous]\nfolder = "v1"\n[[erratum]]\nchange = "row-changed"\n'
    later += 'reason = "Read again <b>."\n'
    config = read_release_config(write_config(folder, SECTIONS + later, version="1.1.0"))
    write_release(data, folder / "v2", config, workers=1)
    return folder / "v2"


def correct_site(file: Path, image_name: str) -> None:
    column = "anatom_site_general_challenge"
    mended = (
        pl.when(pl.col("image_name") == image_name)
        .then(pl.lit("palms/soles"))
        .otherwise(pl.col(column))
    )
    pl.read_csv(file, infer_schema=False).with_columns(mended.alias(column)).write_csv(file)


@pytest.fixture
def released_site(db: ContestFolder, release_folder: Path, tmp_path: Path) -> Iterator[Path]:
    """The site with that release; gives the release's folder."""
    from django.test import override_settings

    assert db.path.is_dir()
    with override_settings(DATASET_RELEASE=release_folder, DATASET_PICTURES=tmp_path / "pictures"):
        yield release_folder
