"""How do folds, duplicates and packs look in a terminal? Light tables, then one line."""

from typing import TYPE_CHECKING, Any

from cygnet.cli import console

if TYPE_CHECKING:
    from cygnet.cohort.folds import FoldsReport
    from cygnet.curation.duplicates import Duplicates
    from cygnet.curation.near_duplicates import NearPair
    from cygnet.images.pack import PackSummary


def print_balance(report: "FoldsReport") -> None:
    """Print what each fold holds."""
    console.print_table(
        ("fold", "images", "patients", "melanomas", "patients with melanoma", "images a patient"),
        [
            (
                str(fold.fold),
                f"{fold.n_images:,}",
                f"{fold.n_patients:,}",
                f"{fold.n_malignant:,}",
                f"{fold.n_melanoma_patients:,}",
                "-" if fold.images_a_patient is None else f"{fold.images_a_patient:.1f}",
            )
            for fold in report.balance
        ],
        numeric=range(6),
    )


def print_verdict(report: "FoldsReport") -> None:
    """Print what is in two folds, and whether the folds are disjoint."""
    out = console.output()
    if report.n_unassigned:
        out.print(f"Images of the table without a fold: {report.n_unassigned:,}.")
    for count, unit in (
        (report.shared_patients, "Patients in more than one fold"),
        (report.shared_lesions, "Lesions in more than one fold"),
        (report.split_duplicates, "Pairs of duplicates in two folds"),
    ):
        out.print(f"{unit}: {count:,}.")
    for unit, examples in report.examples.items():
        for example in examples:
            *names, in_folds = example.values()
            where = " and ".join(str(fold) for fold in in_folds)
            out.print(f"  {unit}: {' / '.join(names)} in folds {where}")
    out.print(
        "The folds are disjoint."
        if report.ok
        else "The folds are not disjoint: a model scored on them has seen what it is scored on."
        " Make others with: cygnet cohort folds."
    )


def print_duplicates(found: "Duplicates") -> None:
    """Print a line a pair, what its rows disagree on, and how many there are of each evidence."""
    from cygnet.curation.duplicates import EVIDENCE

    console.print_table(
        ("image_name_1", "image_name_2", "part", "evidence", "as a picture"),
        [
            (
                pair.image_name_1,
                pair.image_name_2,
                pair.part_1 if pair.part_1 == pair.part_2 else f"{pair.part_1}, {pair.part_2}",
                ", ".join(pair.evidence),
                "" if pair.near is None else _likeness(pair.near),
            )
            for pair in found.pairs
        ],
    )
    out = console.output()
    for pair in found.pairs:
        for column, (one, two) in pair.disagreements.items():
            names = f"{pair.image_name_1} / {pair.image_name_2}"
            out.print(f"The two rows disagree: {names}: {column} {one}, {two}.")
    if found.unreadable:
        out.print(f"{len(found.unreadable):,} images cannot be decoded and were not compared.")
    if found.not_packed:
        out.print(f"{len(found.not_packed):,} images are not in the pack and were not compared.")
    counts = ", ".join(
        f"{kind} not compared" if (count := found.count(kind)) is None else f"{kind} {count:,}"
        for kind in EVIDENCE
    )
    pairs = "pair" if len(found.pairs) == 1 else "pairs"
    out.print(f"Listed, of one lesion_id, or both: {found.n_listed_or_same_lesion:,}.")
    out.print(f"{len(found.pairs):,} {pairs} ({counts}).")


def _likeness(near: "NearPair") -> str:
    """Say how alike two pictures are and how the first was changed into the second.

    A turn or a scale that pixels cannot tell from none is left out.
    """
    parts = [f"correlation {near.correlation:.2f}"]
    if near.mirrored:
        parts.append("mirrored")
    if abs(near.turned_degrees) >= 1:
        parts.append(f"turned by {near.turned_degrees:.0f} degrees")
    if abs(near.scale - 1) >= 0.02:
        parts.append(f"scaled by {near.scale:.2f}")
    if near.overlap < 0.95:
        parts.append(f"{near.overlap:.0%} compared")
    return ", ".join(parts)


def packed_json(summary: "PackSummary", n_missing: int) -> dict[str, Any]:
    """Give the JSON of ``cygnet cohort pack``."""
    return {
        "out": str(summary.folder),
        "n_images": summary.n_images,
        "n_missing": n_missing,
        "n_bad": len(summary.bad),
        "bad": [
            {"image_name": bad.image_name, "code": bad.code, "message": bad.message}
            for bad in summary.bad
        ],
    }


def print_packed(summary: "PackSummary", n_missing: int, size: int) -> None:
    """Print what was packed, and what was not."""
    out = console.output()
    for bad in summary.bad:
        out.print(f"Left out: {bad.image_name} ({bad.code}): {bad.message}")
    if n_missing:
        out.print(f"{n_missing:,} images are missing.")
    out.print(f"Packed {summary.n_images:,} images at {size} px into {summary.folder}.")
