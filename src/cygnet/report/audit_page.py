"""What did an audit find, for a reader who did not run it? One page with pictures of it.

Names that may tell who a patient is, and writing in pictures, are blotted out on the page: it is
made to be sent on.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cygnet.cohort.table import Dataset
from cygnet.curation.audit import Audit
from cygnet.curation.checks.names import blotted
from cygnet.curation.finding_kinds import LEVELS
from cygnet.curation.findings import Example, Finding
from cygnet.curation.present import Images
from cygnet.durable import write_text_whole
from cygnet.errors import ImageError
from cygnet.report import numbers
from cygnet.report.audit_tables import evidence_table, facts_table, values_tables
from cygnet.report.figures import Figure
from cygnet.report.forest import ForestRow, forest_figure
from cygnet.report.making import written_time
from cygnet.report.page import render_page
from cygnet.report.tables import Cell, Column, DataTable, table
from cygnet.report.thumbnails import SIDE_PX, data_uri

if TYPE_CHECKING:
    from cygnet.images.burned_in_text import TextLine

_HEADINGS: Final = {
    "error": ("errors", "Errors: a result on these data would be wrong"),
    "warning": ("warnings", "Warnings: a result may be wrong, or says less than it seems"),
    "note": ("notes", "Notes"),
}
# Their values are blotted out where they are found; other findings may name the same people.
_PRIVATE: Final = frozenset({"identifier-names", "file-name-persons", "file-name-dates"})
_PIXELS_OF_WRITING: Final = 512
_BLOT: Final = 128
# A picture helps where it shows what was found, not where a cell of its row is empty.
_SEEN_EVIDENCE: Final = frozenset({"pixels", "bytes", "official list", "file"})
_SEEN_CODES: Final = frozenset(
    {
        "benign-not-confirmed",
        "diagnosis-contradicts-target",
        "malignant-not-by-histopathology",
        "several-images-a-lesion",
        "unlisted-same-lesion",
    }
)
_NOT_SEEN: Final = "image-size-contradicts-table"

Pictures = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture under a finding: its ``data:`` URI (``None``: it cannot be shown) and its id."""

    picture: str | None
    image_name: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One finding as it stands on the page."""

    finding: Finding
    places: DataTable | None
    tiles: tuple[tuple[Tile, ...], ...]


def write_audit_page(
    path: Path,
    audit: Audit,
    *,
    name: str,
    created: datetime,
    dataset: Dataset,
    images: Images | None = None,
) -> None:
    """Write the page of ``audit`` to ``path``, whole or not at all.

    ``name`` is what the dataset is called; pictures come from ``images``, and there are none
    without. Raises :class:`~cygnet.errors.StorageError` when it cannot be written.
    """
    pictures = Thumbnails(dataset, images) if images is not None else _no_pictures
    is_private = any(finding.code in _PRIVATE for finding in audit.findings)
    # Where the folder stands on one machine is nobody's business.
    findings = [
        replace(one, message=one.message.replace(f"{dataset.layout.root}{os.sep}", ""))
        for one in audit.findings
    ]
    shown = [_shown(finding, pictures, is_private=is_private) for finding in findings]
    chapters = [
        (anchor, title, [one for one in shown if one.finding.level == level])
        for level in LEVELS
        for anchor, title in [_HEADINGS[level]]
    ]
    chapters = [chapter for chapter in chapters if chapter[2]]
    shortcuts = _shortcut_figure(audit)
    contents = [("result", "Result"), ("holds", "What it holds")]
    contents += [("shortcuts", "Shortcuts")] if shortcuts else []
    contents += [("duplicates", "Duplicates")]
    contents += [(anchor, title.split(":")[0]) for anchor, title, _ in chapters]
    write_text_whole(
        path,
        render_page(
            "audit.html.j2",
            title=f"Audit of {blotted(name) if is_private else name}",
            kind="audit",
            created=written_time(created),
            contents=contents,
            verdict=_verdict(audit),
            layout=dataset.layout.title,
            facts=facts_table(audit),
            values=values_tables(audit),
            shortcuts=shortcuts,
            meanings=_meanings(audit),
            evidence=evidence_table(audit),
            chapters=chapters,
            is_private=is_private,
        ),
    )


def _verdict(audit: Audit) -> str:
    """Say in one sentence what became of the audit."""
    n = audit.n_by_level
    parts = [numbers.counted(n[level], level) for level in LEVELS if n[level]]
    accepted = f"; {audit.n_accepted} more are known and accepted" if audit.n_accepted else ""
    if not parts:
        return f"Nothing was found{accepted}."
    counts = ", ".join(parts) + accepted
    if n["error"]:
        return f"{counts}. Mend the errors before anything is fitted on these data."
    return f"{counts}. No error: read the warnings beside every result."


def _shown(finding: Finding, pictures: Pictures, *, is_private: bool) -> Shown:
    told = finding.code in {"shortcut", "strong-shortcut"}
    hides = is_private and finding.code not in _PRIVATE
    examples = finding.examples
    places = None if told or not examples else _places(finding, hides=hides)
    is_seen = finding.evidence in _SEEN_EVIDENCE or finding.code in _SEEN_CODES
    tiles = [
        tuple(Tile(pictures(name), blotted(name) if hides else name) for name in one.images)
        for one in examples
        if one.images and is_seen and finding.code != _NOT_SEEN
    ]
    drawn = tuple(row for row in tiles if any(tile.picture for tile in row))
    return Shown(finding, places, drawn)


def _places(finding: Finding, *, hides: bool) -> DataTable:
    rows: list[Sequence[Cell | str]] = [
        [Cell(_place(one)), Cell("not shown: it may name a person" if hides else one.value)]
        for one in finding.examples
    ]
    more = finding.count - len(rows)
    caption = "Where" if more <= 0 else f"The first {len(rows)} places"
    return table(caption, [Column("Place"), Column("Value")], rows)


def _place(one: Example) -> str:
    parts = [one.file.name] if one.file is not None else []
    parts += [f"row {numbers.format_count(one.row)}"] if one.row is not None else []
    return ", ".join(parts) or "the files"


def _shortcut_figure(audit: Audit) -> Figure | None:
    rows = [
        ForestRow(one.label, one.auroc, "shortcut", one.sees, one.n_images)
        for one in audit.giveaways
        if one.n_values > 1
    ]
    if not rows:
        return None
    return forest_figure(
        rows,
        key="shortcuts",
        title="How far one gets without looking at a lesion",
        caption="Each point is the AUROC of one attribute alone, each line its interval over "
        "patients. Every image was given the share of melanomas among images like it in other "
        "folds, so none is judged by itself, by its patient or by a copy.",
    )


def _meanings(audit: Audit) -> list[tuple[str, str]]:
    """Say once for each attribute what its figure means."""
    return [(one.label, one.meaning) for one in audit.giveaways]


def _no_pictures(_: str) -> None:
    return None


class Thumbnails:
    """Makes small pictures of the images of a dataset, writing in them blotted out."""

    def __init__(self, dataset: Dataset, images: Images) -> None:
        self._files: dict[str, Path] = {
            name: path for files in images.values() for name, path in files.items()
        }
        self._aspects = _known_aspects(dataset)
        self._made: dict[str, str | None] = {}

    def __call__(self, image_name: str) -> str | None:
        """Give the picture of an image as a ``data:`` URI, ``None`` where it cannot be had."""
        if image_name not in self._made:
            path = self._files.get(image_name)
            made = None if path is None else self._picture(image_name, path)
            self._made[image_name] = made
        return self._made[image_name]

    def _picture(self, image_name: str, path: Path) -> str | None:
        from cygnet.images.burned_in_text import burned_in_text
        from cygnet.images.decode import decode_to_size
        from cygnet.images.faults import read_image_bytes
        from cygnet.images.headers import parse_header

        try:
            data = read_image_bytes(path)
            header = parse_header(data, file=path)
            pixels = decode_to_size(data, _PIXELS_OF_WRITING, file=path).copy()
        except ImageError:
            return None
        for line in burned_in_text(pixels):
            _blot(pixels, line)
        own = header.width_px / header.height_px
        # A square file of an original that was not square has been squashed before.
        aspect = self._aspects.get(image_name, own) if own == 1 else own
        small = cv2.resize(pixels, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
        _, encoded = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
        return data_uri(np.asarray(encoded, np.uint8).tobytes(), aspect)


def _blot(pixels: NDArray[np.uint8], line: "TextLine") -> None:
    """Paint over a line of writing from border to border, and over one more on either side.

    What is found of a line is at times one word of it.
    """
    if line.right - line.left >= line.bottom - line.top:
        pixels[_band(line.top, line.bottom)] = _BLOT
    else:
        pixels[:, _band(line.left, line.right)] = _BLOT


def _band(first: float, last: float) -> slice:
    more = last - first
    n = _PIXELS_OF_WRITING
    return slice(max(0, round((first - more) * n)), round((last + more) * n))


def _known_aspects(dataset: Dataset) -> Mapping[str, float]:
    from cygnet.curation.pictures import original_aspects

    return original_aspects(dataset)
