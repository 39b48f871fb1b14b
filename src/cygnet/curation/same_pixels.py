"""Which files show one picture, pixel by pixel? Told by the digests of a pass over them."""

import polars as pl


def equal_in_pixels(files: pl.DataFrame) -> set[tuple[str, str]]:
    """Pair each image with the first whose decoded pixels are the same, across all parts.

    ``files`` has image_name and pixels_digest; an image that could not be read pairs with none.
    """
    first = pl.col("image_name").first().over("pixels_digest")
    pairs = (
        files.filter(pl.col("pixels_digest").is_not_null())
        .select(first.alias("first"), "image_name")
        .filter(pl.col("first") != pl.col("image_name"))
    )
    return {(min(pair), max(pair)) for pair in pairs.iter_rows()}
