"""What is known of an image, as a network learns it? Target, diagnosis, patient, age, sex, site."""

import numpy as np
import polars as pl

from cygnet.training.diagnosis import diagnosis_classes
from cygnet.training.loader import Samples
from cygnet.training.metadata import encode_metadata
from cygnet.training.recipe import NetworkRecipe

COLUMNS = (
    "image_name",
    "lesion_id",
    "patient_id",
    "target",
    "diagnosis",
    "sex",
    "age_approx",
    "anatom_site_general_challenge",
)


def samples_of(table: pl.DataFrame, network: NetworkRecipe) -> Samples:
    """Give the samples of a checked table's rows, with what the recipe's network asks for.

    An image whose patient is not known counts as a patient of its own.
    """
    targets = table["target"].to_numpy().astype(np.float32)
    classes = None
    if network.targets == "diagnosis":
        classes = diagnosis_classes(table["diagnosis"].to_list(), targets)
    patient = pl.col("patient_id").fill_null(
        pl.concat_str(pl.lit("\x00"), pl.int_range(pl.len()).cast(pl.String))
    )
    codes = table.select(patient.rank("dense"))["patient_id"].to_numpy().astype(np.int64)
    metadata = encode_metadata(table) if network.metadata else None
    return Samples(table["image_name"].to_list(), targets, classes, codes, metadata)
