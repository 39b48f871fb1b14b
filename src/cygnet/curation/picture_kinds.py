"""Which kinds of finding do image files and their pictures give? The registry's second part.

Shortcuts, privacy and faults of images. A fault that the images room knows keeps its code, level
and remedy. Each is described in ``docs/reference/findings.md``.
"""

from typing import Final

from cygnet.curation.finding_kinds import FindingKind
from cygnet.images.faults import FAULT_KINDS

# Told with the rows of the table, as missing-images.
_TOLD_ELSEWHERE: Final = ("image-missing",)
# Found by the pixels as well as by the header.
_SEEN: Final = ("image-grey",)

_FAULTS: Final = tuple(
    FindingKind(code, kind.level, kind.remedy, "pixels" if code in _SEEN else "file")
    for code, kind in FAULT_KINDS.items()
    if code not in _TOLD_ELSEWHERE
)

PICTURE_KINDS: Final = (
    *_FAULTS,
    FindingKind(
        "image-ycbcr-as-rgb",
        "warning",
        "Look at it: if it is pink, convert it from YCbCr to RGB; luma and chroma stand where red,"
        " green and blue should.",
        "pixels",
    ),
    FindingKind(
        "image-colour-profile",
        "warning",
        "Convert these pictures to sRGB, or have the pipeline follow the profile: as they are read,"
        " their colours are not those that were meant.",
        "file",
    ),
    FindingKind(
        "image-blurred",
        "warning",
        "Look at it, and leave it out if the lesion cannot be judged.",
        "pixels",
    ),
    FindingKind(
        "image-mostly-black",
        "warning",
        "Look at it: a lesion that fills the view may be this dark, an empty picture is too.",
        "pixels",
    ),
    FindingKind(
        "image-size-contradicts-table",
        "note",
        "Nothing to do where the files are known to be resized copies.",
        "file",
    ),
    FindingKind(
        "file-name-dates",
        "warning",
        "Rename the file to a pseudonym before it is shared; a date narrows down who it is.",
        "file name",
    ),
    FindingKind(
        "file-name-persons",
        "warning",
        "Rename the file to a pseudonym before it is shared, and check the backups too.",
        "file name",
    ),
    FindingKind(
        "exif-gps",
        "warning",
        "Strip the metadata before the file is shared: it says where the picture was taken.",
        "file",
    ),
    FindingKind(
        "exif-identifying",
        "warning",
        "Strip the metadata before the file is shared; only pixels are needed.",
        "file",
    ),
    FindingKind(
        "metadata-free-text",
        "warning",
        "Read these texts or strip them before the file is shared.",
        "file",
    ),
    FindingKind(
        "dicom-identifying",
        "warning",
        "De-identify by the basic profile of DICOM PS3.15 before the file is shared.",
        "file",
    ),
    FindingKind(
        "burned-in-text",
        "warning",
        "Look at each: crop or paint over what may identify a patient. The letters of a scale are"
        " writing too.",
        "pixels",
    ),
    FindingKind(
        "writing-sampled",
        "note",
        "Search all of them with: cygnet cohort audit DATA --all-writing.",
        "pixels",
    ),
    FindingKind(
        "strong-shortcut",
        "warning",
        "Report every result beside this figure, and judge models where it tells nothing: within"
        " one source, one size, one patient.",
        "cross-fitted model",
    ),
    FindingKind(
        "shortcut",
        "note",
        "Keep it in mind where a model gains little: this much can be had without the lesion.",
        "cross-fitted model",
    ),
)
