"""What is known of an image besides its lesion? Its size, compression, source, corners, ruler."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SOURCES: Final = ("source", "dataset", "institution", "attribution", "site_id", "clinic", "center")


@dataclass(frozen=True, eq=False)
class Attribute:
    """Something known of each image besides its lesion, ``(n_images,)``.

    ``categories`` are values as text, ``numbers`` order those that few images share; either may be
    missing. ``label`` and ``sees`` are words for a reader. One that ``is_sampled`` was looked for
    in some images only, whatever they show; it is judged on those.
    """

    name: str
    label: str
    sees: str
    categories: pl.Series | None = None
    numbers: Floats | None = None
    is_sampled: bool = False


def table_attributes(table: pl.DataFrame) -> list[Attribute]:
    """Give what a cohort's ``table`` tells of its images, where it tells it."""
    attributes = []
    if table["width_px"].count():
        width, height = table["width_px"], table["height_px"]
        size = table.select(pl.format("{} x {}", "width_px", "height_px")).to_series()
        attributes += [
            Attribute(
                "image_size",
                "Size of the original image",
                "width and height in pixels",
                size,
                _numbers(width.cast(pl.Float64) * height),
            ),
            Attribute(
                "aspect",
                "Aspect of the original image",
                "width over height",
                numbers=np.round(_numbers(width / height), 3),
            ),
        ]
    if table["patient_id"].count():
        attributes.append(
            Attribute(
                "n_images",
                "Number of images of the patient",
                "rows of the table with the same patient_id",
                numbers=_numbers(table["n_images"]),
            )
        )
    for column in table.columns:
        if column.casefold() in _SOURCES and 1 < table[column].n_unique() <= 200:
            attributes.append(
                Attribute(
                    "source", f"Source ({column})", f"the column {column}", _texts(table[column])
                )
            )
    return attributes


def file_attributes(files: pl.DataFrame) -> list[Attribute]:
    """Give what opening the files told: a cohort's table beside what was seen of its files."""
    # Where the table tells original sizes the files' own are other columns.
    width = files["width_px_of_file"].cast(pl.Float64)
    height = files["height_px_of_file"].cast(pl.Float64)
    size = files.select(pl.format("{} x {}", "width_px_of_file", "height_px_of_file")).to_series()
    n_bytes = files["n_bytes"].cast(pl.Float64)
    metadata = files.select(
        pl.concat_str("metadata", "exif_tags", separator=" ", ignore_nulls=True)
    ).to_series()
    compression = files.select(
        pl.concat_str("format", "quantisation_key", "jpeg_writer", separator=" ", ignore_nulls=True)
    ).to_series()
    return [
        Attribute(
            "file_pixels", "Size of the image file", "its own width and height", size,
            _numbers(width * height),
        ),
        Attribute("file_size", "Length of the file", "bytes", numbers=_numbers(n_bytes)),
        Attribute(
            "bytes_a_pixel", "Bytes a pixel", "how much the picture was compressed",
            numbers=_numbers(n_bytes / (width * height)),
        ),
        Attribute(
            "compression", "JPEG tables", "quantisation, subsampling and process", compression
        ),
        Attribute("exif", "Metadata", "which kinds and EXIF tags the file has", metadata),
        Attribute(
            "dark_corners", "Dark corners", "how much of the corners is black",
            numbers=_numbers(files["dark_corner_share"]),
        ),
        Attribute(
            "white_corners", "White corners", "how much of the corners is white",
            numbers=_numbers(files["white_corner_share"]),
        ),
        Attribute(
            "ruler", "Ruler", "how surely a scale is in the picture",
            numbers=_numbers(files["ruler_score"]), is_sampled=True,
        ),
        Attribute(
            "colour_chart", "Colour calibration chart", "how surely a chart is in the picture",
            numbers=_numbers(files["chart_score"]),
        ),
        Attribute(
            "sharpness", "Sharpness", "steps from one pixel to the next",
            numbers=_numbers(files["sharpness"]),
        ),
    ]  # fmt: skip


def _numbers(column: pl.Series) -> Floats:
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy().astype(np.float64)


def _texts(column: pl.Series) -> pl.Series:
    return column.cast(pl.String)
