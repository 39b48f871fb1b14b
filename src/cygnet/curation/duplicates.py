"""Which images show the same lesion? Pairs by the list, the table, the bytes, the pixels.

Graded evidence: on the official list, under one lesion_id, equal byte for byte, equal pixel for
pixel, and one picture changed (see ``near_duplicates``). Says nothing of images that merely look
alike.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from cygnet.cohort.columns import Part
from cygnet.cohort.table import Dataset
from cygnet.curation.duplicate_pairs import (
    Pair,
    lesion_pairs,
    listed_pairs,
    named_pair,
    same_bytes_pairs,
    same_digest_pairs,
    same_pixels_pairs,
)
from cygnet.curation.present import Images, named_images
from cygnet.errors import InputError

if TYPE_CHECKING:
    from cygnet.curation.near_duplicates import NearPair
    from cygnet.curation.shard_steps import Bar

Evidence = Literal["listed", "same_lesion", "same_bytes", "same_pixels", "near_duplicate"]
EVIDENCE: Final[tuple[Evidence, ...]] = get_args(Evidence)
Pixels = Literal["none", "equal", "near"]


# Of which two rows of one lesion should say the same.
COMPARED_COLUMNS: Final = (
    "patient_id",
    "sex",
    "age_approx",
    "anatom_site_general_challenge",
    "diagnosis",
    "benign_malignant",
    "target",
)


@dataclass(frozen=True)
class DuplicatePair:
    """Two images and all that speaks for their being duplicates; the names in order.

    ``near`` is what was measured where they are near-duplicates. ``disagreements`` says by column
    what the two rows say differently, where both say something.
    """

    image_name_1: str
    image_name_2: str
    part_1: Part
    part_2: Part
    evidence: tuple[Evidence, ...]
    near: "NearPair | None" = None
    disagreements: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Duplicates:
    """The pairs of a dataset, and the images that could not be read as pictures.

    ``sought`` are the kinds of evidence that were looked for. ``not_packed`` images are not in the
    pack whose pixels were compared.
    """

    pairs: tuple[DuplicatePair, ...]
    unreadable: tuple[str, ...]
    sought: tuple[Evidence, ...]
    not_packed: tuple[str, ...] = ()

    @property
    def n_listed_or_same_lesion(self) -> int:
        """How many pairs are on the list, of one lesion_id, or both."""
        return sum(not {"listed", "same_lesion"}.isdisjoint(pair.evidence) for pair in self.pairs)

    @property
    def n_disagreeing(self) -> int:
        """How many pairs have rows that disagree."""
        return sum(bool(pair.disagreements) for pair in self.pairs)

    def count(self, evidence: Evidence) -> int | None:
        """Count the pairs for which ``evidence`` speaks; None where it was not looked for."""
        if evidence not in self.sought:
            return None
        return sum(evidence in pair.evidence for pair in self.pairs)

    def as_json(self) -> dict[str, Any]:
        """Give the pairs as the JSON of ``cygnet cohort duplicates``."""
        return {
            "n_pairs": len(self.pairs),
            "by_evidence": {evidence: self.count(evidence) for evidence in EVIDENCE},
            "n_listed_or_same_lesion": self.n_listed_or_same_lesion,
            "n_disagreeing": self.n_disagreeing,
            "n_unreadable": len(self.unreadable),
            "unreadable": list(self.unreadable),
            "n_not_packed": len(self.not_packed),
            "pairs": [
                {
                    "image_name_1": pair.image_name_1,
                    "image_name_2": pair.image_name_2,
                    "part_1": pair.part_1,
                    "part_2": pair.part_2,
                    "evidence": list(pair.evidence),
                    "near": None if pair.near is None else pair.near.as_json(),
                    "disagreements": {
                        column: list(values) for column, values in pair.disagreements.items()
                    },
                }
                for pair in self.pairs
            ],
        }


def linked_pairs(
    dataset: Dataset, images: Images | None = None, duplicates: Path | None = None
) -> list[Pair]:
    """Give the pairs of training images that must share a fold: listed, or equal in bytes.

    Those of ``duplicates`` as well, a file that :func:`read_duplicates` reads. Pairs under one
    lesion_id need no naming: folds look at lesion_id themselves.
    """
    pairs = listed_pairs(dataset)
    if duplicates is not None:
        pairs |= set(read_duplicates(duplicates))
    if images is not None:
        train: Images = {"train": named_images(dataset, images)["train"]}
        pairs |= same_bytes_pairs(train)
    return sorted(pairs)


def find_duplicates(
    dataset: Dataset,
    images: Images | None,
    *,
    pixels: Pixels = "near",
    pack: Path | None = None,
    workers: int | None = None,
    ray_address: str | None = None,
    bar: "Bar | None" = None,
) -> Duplicates:
    """Find every pair of ``dataset`` for which something speaks.

    ``pixels`` says whether pictures are opened: not at all (``"none"``), to find equal ones
    (``"equal"``), or changed copies as well (``"near"``). With ``pack`` the pixels are those of
    that pack. Without ``images`` and ``pack`` only the tables are looked at. ``bar`` opens a
    progress bar for a step and its units.

    Raises :class:`~cygnet.errors.InputError` when ``pack`` is none, or holds no image of
    ``dataset``.
    """
    # Here, not above: they bring the decoders, and most callers look at tables and bytes only.
    from cygnet.curation.near_duplicates import find_near_duplicates
    from cygnet.curation.pictures import (
        aspects_in_files,
        original_aspects,
        pictures_in_files,
        pictures_in_pack,
    )
    from cygnet.curation.shard_steps import no_bar

    by_evidence: dict[Evidence, set[Pair]] = {
        "listed": listed_pairs(dataset),
        "same_lesion": lesion_pairs(dataset),
    }
    named = None if images is None else named_images(dataset, images)
    if named is not None:
        by_evidence["same_bytes"] = same_bytes_pairs(named)
    names = [name for cohort in dataset.parts for name in cohort.table["image_name"]]
    pictures = None
    if pixels != "none" and pack is not None:
        # What the tables tell goes before what headers do: a file may have been squashed before.
        known = ({} if named is None else aspects_in_files(named)) | original_aspects(dataset)
        pictures = pictures_in_pack(pack, names, known)
    elif pixels != "none" and named is not None:
        pictures = pictures_in_files(named, original_aspects(dataset))
    unreadable: Sequence[str] = ()
    near: dict[Pair, NearPair] = {}
    if pictures is not None and (pixels == "near" or pack is not None):
        looked = find_near_duplicates(pictures, workers=workers, ray_address=ray_address, bar=bar)
        by_evidence["same_pixels"] = same_digest_pairs(looked.pixel_digests)
        near = {(pair.image_name_1, pair.image_name_2): pair for pair in looked.pairs}
        by_evidence["near_duplicate"] = set(near)
        unreadable = looked.unreadable
    elif pictures is not None and named is not None:
        with (bar or no_bar)("Comparing pixels", len(pictures)) as advance:
            by_evidence["same_pixels"], unreadable = same_pixels_pairs(
                named, workers=workers, ray_address=ray_address, progress=advance
            )
    packed = set(names if pictures is None or pack is None else pictures.names)
    return Duplicates(
        _pairs(dataset, by_evidence, near),
        tuple(unreadable),
        tuple(by_evidence),
        tuple(name for name in names if name not in packed),
    )


def _pairs(
    dataset: Dataset,
    by_evidence: Mapping[Evidence, set[Pair]],
    near: Mapping[Pair, "NearPair"],
) -> tuple[DuplicatePair, ...]:
    columns = [name for name in COMPARED_COLUMNS if name in dataset.train.table.columns]
    part: dict[str, Part] = {}
    rows: dict[str, tuple[Any, ...]] = {}
    found = sorted(set().union(*by_evidence.values()))
    wanted = {name for names in found for name in names}
    for cohort in dataset.parts:
        for name, *values in cohort.table.select("image_name", *columns).iter_rows():
            if name in wanted:
                part[name], rows[name] = cohort.part, tuple(values)
    return tuple(
        DuplicatePair(
            one,
            two,
            part[one],
            part[two],
            tuple(kind for kind in EVIDENCE if (one, two) in by_evidence.get(kind, ())),
            near.get((one, two)),
            {
                column: (first, second)
                for column, first, second in zip(columns, rows[one], rows[two], strict=True)
                if first is not None and second is not None and first != second
            },
        )
        for one, two in found
    )


def read_duplicates(file: Path) -> list[Pair]:
    """Read the pairs of ``cygnet cohort duplicates --json`` whose pictures are the same.

    Equal in bytes or pixels, or near-duplicates; those of lists and tables are known from there.
    Raises :class:`InputError` when ``file`` is something else.
    """
    try:
        document = json.loads(file.read_text("utf-8"))
        pairs = [
            named_pair(str(pair["image_name_1"]), str(pair["image_name_2"]))
            for pair in document["pairs"]
            if not {"same_bytes", "same_pixels", "near_duplicate"}.isdisjoint(pair["evidence"])
        ]
    except OSError as error:
        raise InputError.of(
            f"This cannot be read ({error.strerror}).", "Check the path.", file=file
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError.of(
            "This is not a list of duplicates.",
            "Make it with: cygnet cohort duplicates DATA --json > FILE",
            file=file,
        ) from error
    return sorted(set(pairs))
