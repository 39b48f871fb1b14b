"""What can be told of one image file besides its lesion? Every fact of this room, in one call.

The door for an audit: it has the file's bytes and has decoded them; here all else is derived. Only
facts, no verdict on a dataset.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cygnet.images.burned_in_text import TextLine, burned_in_text
from cygnet.images.colour_profile import colour_profile
from cygnet.images.jpeg_facts import JpegFacts, jpeg_facts
from cygnet.images.privacy import (
    NO_METADATA,
    FileNameClue,
    MetadataFacts,
    dicom_identifying_attributes,
    file_name_clues,
    metadata_facts,
)
from cygnet.images.quality import PixelFacts, grey_copy, is_whole, pixel_facts, working_copy

_DICOM_MAGIC = slice(128, 132)


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """The facts of one image file.

    ``text`` is ``None`` where it was not searched for, ``jpeg`` for another format;
    ``colour_profile`` as :func:`colour_profile` gives it; ``dicom_attributes`` are those that may
    identify a person, empty for another format.
    """

    pixels: PixelFacts
    text: tuple[TextLine, ...] | None
    jpeg: JpegFacts | None
    colour_profile: str | None
    metadata: MetadataFacts
    file_name: tuple[FileNameClue, ...]
    dicom_attributes: tuple[str, ...]


def image_facts(
    data: bytes,
    pixels: NDArray[np.uint8],
    *,
    file: Path | None = None,
    closer: Callable[[], NDArray[np.uint8]] | None = None,
    search_closely: bool = True,
) -> ImageFacts:
    """Gather the facts of the file ``data`` whose picture was decoded to ``pixels``.

    ``pixels`` are ``(height, width, 3)``, uint8, RGB. Writing is searched for at 512 px, all else
    is measured at 256 px, or as it is where that is smaller: give the picture decoded to 512 px,
    or, which takes half the time for a JPEG, decoded to 256 px, and ``closer``, which gives it at
    512 px if it is asked for. Without ``search_closely`` writing is not searched for, nor are ticks
    in a picture below 256 px. Raises :class:`~cygnet.errors.ImageError` for a DICOM file that
    cannot be followed, and ``ValueError`` for pixels of another shape or type.
    """
    copy = working_copy(pixels)
    grey = grey_copy(copy) if search_closely or is_whole(copy) else None
    jpeg = jpeg_facts(data)
    # A JPEG whose markers show no metadata needs no second look.
    is_bare = jpeg is not None and not jpeg.metadata
    is_dicom = data[_DICOM_MAGIC] == b"DICM"
    return ImageFacts(
        pixel_facts(pixels, copy=copy, grey=grey, closely=search_closely),
        burned_in_text(pixels, copy=copy, grey=grey, closer=closer) if search_closely else None,
        jpeg,
        None if is_bare else colour_profile(data),
        NO_METADATA if is_bare else metadata_facts(data),
        () if file is None else file_name_clues(file.name),
        dicom_identifying_attributes(data, file=file) if is_dicom else (),
    )
