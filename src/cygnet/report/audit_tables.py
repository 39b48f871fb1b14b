"""Which of an audit's facts stand on its page, and how? Tables of counts, a column a part."""

from typing import Any, Final

from cygnet.curation.audit import Audit
from cygnet.report import numbers
from cygnet.report.tables import Cell, Column, DataTable, table

EVIDENCE_ORDER: Final = {
    "listed": ("Official list", "named as a pair in the list beside the table"),
    "same_lesion": ("Same lesion_id", "two images under one lesion_id"),
    "same_bytes": ("Same bytes", "files that are equal byte for byte"),
    "same_pixels": ("Same pixels", "pictures that decode to the same pixels"),
    "near_duplicate": ("Near-duplicate", "one picture, changed, or given by --duplicates"),
}

_ROWS: Final = (
    ("Images", "n_images"),
    ("Patients", "n_patients"),
    ("Lesions", "n_lesions"),
    ("Malignant", "n_malignant"),
    ("Benign", "n_benign"),
    ("Without a target", "n_unlabelled"),
    ("Patients with melanoma", "n_melanoma_patients"),
    ("Melanomas a patient, at most", "max_melanomas_a_patient"),
    ("Images a patient, mean", "mean_images_a_patient"),
    ("Images a patient, least", "min_images_a_patient"),
    ("Images a patient, most", "max_images_a_patient"),
)
_FILE_ROWS: Final = (
    ("Image files opened", "n_opened"),
    ("of these, pictures that can be used", "n_read"),
    ("Shortest side, px", "min_side_px"),
    ("Longest side, px", "max_side_px"),
    ("Different sizes", "n_sizes"),
    ("Different JPEG tables", "n_quantisation_tables"),
    ("With dark corners", "n_dark_corners"),
    ("Searched for a ruler", "n_searched_for_rulers"),
    ("With a ruler", "n_rulers"),
    ("With a colour chart", "n_colour_charts"),
    ("With metadata", "n_with_metadata"),
    ("Searched for writing", "n_searched_for_writing"),
)
_VALUE_COLUMNS: Final = {
    "sex": "Sex",
    "anatom_site_general_challenge": "Site",
    "diagnosis": "Diagnosis",
}
_MOST_VALUES: Final = 16


def _parts(audit: Audit) -> list[str]:
    return [part for part in ("train", "test") if part in audit.facts]


def facts_table(audit: Audit) -> DataTable:
    """Count what the tables hold and what the files are, a column a part."""
    parts = _parts(audit)
    facts = audit.facts
    rows = [(label, [facts[part].get(key) for part in parts]) for label, key in _ROWS]
    if "images" in facts:
        there = [facts["images"][part]["n_present"] for part in parts]
        rows.insert(1, ("Image files there", there))
    if "files" in facts:
        files = [facts["files"].get(part, {}) for part in parts]
        rows += [(label, [one.get(key) for one in files]) for label, key in _FILE_ROWS]
    return table(
        "What the tables hold" + (", and what the files are" if "files" in facts else ""),
        ["Count", *(part.capitalize() for part in parts)],
        [[label, *map(_cell, values)] for label, values in rows if any(values)],
    )


def _cell(value: Any) -> Cell:
    if value is None:
        return Cell("")
    if isinstance(value, float):
        return Cell(numbers.format_number(value), value)
    return Cell(numbers.format_count(value), float(value))


def values_tables(audit: Audit) -> list[DataTable]:
    """Count the values of sex, site and diagnosis, a table each."""
    parts = _parts(audit)
    made = []
    for column, title in _VALUE_COLUMNS.items():
        counts = [audit.facts[part].get(column, {}) for part in parts]
        values = list(dict.fromkeys(value for one in counts for value in one))
        values = [*[value for value in values if value != "missing"][:_MOST_VALUES], "missing"]
        rows = [(value, [one.get(value) for one in counts]) for value in values]
        rows = [(value, found) for value, found in rows if any(found)]
        if rows and any(counts):
            made.append(
                table(
                    title,
                    ["Value", *(part.capitalize() for part in parts)],
                    [[value, *map(_cell, found)] for value, found in rows],
                )
            )
    return made


def evidence_table(audit: Audit) -> DataTable:
    """Count pairs of duplicates by what speaks for them, the surest first."""
    counts = audit.facts["duplicate_evidence"]
    union = audit.facts["duplicates"]["n_union"]
    rows = [
        [
            Cell(label, note=about),
            Cell("not looked for")
            if counts[key] is None
            else Cell(numbers.format_count(counts[key]), float(counts[key])),
        ]
        for key, (label, about) in EVIDENCE_ORDER.items()
    ]
    rows.append(
        [
            Cell("On the list, of one lesion_id, or both", note="the union of the first two"),
            Cell(numbers.format_count(union), float(union)),
        ]
    )
    return table(
        "Pairs of images by what speaks for their showing one lesion",
        [Column("Evidence"), Column("Pairs", numeric=True)],
        rows,
    )
