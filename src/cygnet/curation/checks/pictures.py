"""What do the image files show? Faults, colours, writing, metadata, from one pass over them.

Every example is an image with the row of the table that names it.
"""

from collections.abc import Iterator
from typing import Final

import polars as pl

from cygnet.cohort.columns import Part
from cygnet.cohort.table import Cohort
from cygnet.curation.checks.seen import Seen
from cygnet.curation.findings import Example, Finding, found
from cygnet.curation.looking import SEARCHED_ONE_IN, SIDE_PX, SMALL_BELOW_PIXELS
from cygnet.errors import MAX_SHOWN
from cygnet.images.colour_profile import is_srgb
from cygnet.images.faults import FAULT_KINDS

# Code, sentence after the count, what is true of such a file, what is shown of it.
_VERDICTS: Final = (
    ("image-grey", "have no colour", pl.col("is_grey"), None),
    ("image-ycbcr-as-rgb", "look as if YCbCr were shown as RGB", pl.col("is_ycbcr_as_rgb"), None),
    ("image-blurred", "are blurred", pl.col("is_blurred"), None),
    ("image-mostly-black", "are mostly black", pl.col("is_mostly_black"), None),
    (
        "burned-in-text",
        "have what looks like writing near the border",
        pl.col("n_text_lines") > 0,
        None,
    ),
    ("exif-gps", "say in EXIF where they were taken", pl.col("has_gps"), None),
    (
        "exif-identifying",
        "have EXIF tags that name a person, a device or an hour (values are not shown)",
        pl.col("identifying_tags").list.len() > 0,
        pl.col("identifying_tags").list.head(4).list.join(", "),
    ),
    (
        "metadata-free-text",
        "have free text in their metadata",
        pl.col("has_free_text"),
        pl.col("metadata"),
    ),
    (
        "dicom-identifying",
        "have DICOM attributes that may identify a person (values are not shown)",
        pl.col("dicom_attributes").list.len() > 0,
        pl.col("dicom_attributes").list.head(4).list.join(", "),
    ),
)


def image_faults(seen: Seen) -> Iterator[Finding]:
    """Find files that are unreadable, truncated, tiny, of another format and so on."""
    for cohort, files in _opened(seen):
        codes = files["faults"].explode().drop_nulls().unique().sort().to_list()
        for code in sorted(codes, key=list(FAULT_KINDS).index):
            sentence = FAULT_KINDS[code].sentence
            breaks = pl.col("faults").list.contains(code)
            yield from _files_where(
                code, f"{sentence}: {{count}} {cohort.part} images.", cohort, files, breaks
            )


def what_pixels_and_metadata_show(seen: Seen) -> Iterator[Finding]:
    """Find pictures that are blurred, black, grey or written on, and files that tell too much."""
    for cohort, files in _opened(seen):
        for code, said, breaks, shown in _VERDICTS:
            known = breaks.fill_null(value=False)
            if code == "image-grey":
                # Those whose header says so are told already.
                known &= ~pl.col("faults").list.contains("image-grey")
            message = f"{{count}} {cohort.part} images {said}."
            yield from _files_where(code, message, cohort, files, known, shown, "pixels")


def writing_sampled(seen: Seen) -> Iterator[Finding]:
    """Say in how many pictures writing was not searched for."""
    for cohort, files in _opened(seen):
        read = files.filter(pl.col("pixels_digest").is_not_null())
        n_not = read["n_text_lines"].null_count()
        if n_not:
            yield found(
                "writing-sampled",
                f"Writing was searched for in {read.height - n_not:,} of {read.height:,}"
                f" {cohort.part} images: all large ones, and one in {SEARCHED_ONE_IN} of those"
                f" below {SMALL_BELOW_PIXELS / 1e6} megapixels, which where a side is below"
                f" {SIDE_PX} px holds of rulers too.",
                count=n_not,
                subject=cohort.part,
            )


def colour_profiles(seen: Seen) -> Iterator[Finding]:
    """Find pictures with a colour profile other than sRGB, which decoding leaves aside."""
    for cohort, files in _opened(seen):
        names = files["colour_profile"].drop_nulls().unique().to_list()
        foreign = [name for name in names if not is_srgb(name)]
        yield from _files_where(
            "image-colour-profile",
            f"{{count}} {cohort.part} images have a colour profile other than sRGB.",
            cohort,
            files,
            pl.col("colour_profile").is_in(foreign).fill_null(value=False),
            pl.col("colour_profile"),
        )


def sizes_that_disagree(seen: Seen) -> Iterator[Finding]:
    """Find files of another size than the table of original sizes says."""
    for cohort, files in _opened(seen):
        both = files.join(
            cohort.table.select("image_name", told_px="width_px", told_high_px="height_px"),
            on="image_name",
            how="left",
            maintain_order="left",
        )
        differs = (pl.col("width_px") != pl.col("told_px")) | (
            pl.col("height_px") != pl.col("told_high_px")
        )
        yield from _files_where(
            "image-size-contradicts-table",
            f"{{count}} {cohort.part} images have another size than the table says.",
            cohort,
            both,
            differs.fill_null(value=False),
            pl.format(
                "{} x {} px, {} x {} px said",
                "width_px",
                "height_px",
                "told_px",
                "told_high_px",
            ),
        )


def _opened(seen: Seen) -> Iterator[tuple[Cohort, pl.DataFrame]]:
    if seen.files is None:
        return
    for cohort in seen.dataset.parts:
        part: Part = cohort.part
        rows = cohort.table.select("image_name", "row")
        yield (
            cohort,
            seen.files.filter(pl.col("part") == part).join(
                rows, on="image_name", how="left", maintain_order="left"
            ),
        )


def _files_where(
    code: str,
    message: str,
    cohort: Cohort,
    files: pl.DataFrame,
    breaks: pl.Expr,
    shown: pl.Expr | None = None,
    subject: str = "",
) -> Iterator[Finding]:
    broken = files.filter(breaks)
    if not broken.height:
        return
    value = pl.lit("") if shown is None else shown
    first = broken.head(MAX_SHOWN).select("image_name", "row", value.alias("shown"))
    yield found(
        code,
        message.format(count=f"{broken.height:,} of {files.height:,}"),
        count=broken.height,
        examples=[
            Example(f"{name}: {told}" if told else name, row, cohort.file, (name,))
            for name, row, told in first.iter_rows()
        ],
        subject=f"{cohort.part} {subject}".strip(),
    )
