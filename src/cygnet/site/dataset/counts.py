"""Which figures does the page show of a cohort? One table a part, and bars of what is in it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cygnet.curation.cohort_bands import images_a_patient, images_by_age
from cygnet.curation.release.facts import COUNT_ROWS
from cygnet.report import numbers
from cygnet.report.cohort_figures import counts_figure
from cygnet.report.figures import Figure
from cygnet.report.tables import Cell, Column, DataTable, table
from cygnet.site.dataset.examples import training_table
from cygnet.site.dataset.subject import Subject

_PARTS: Final = {"train": "Training", "test": "Test"}
_UNKNOWN: Final = "Unknown means that no finer diagnosis was recorded."
_VALUES: Final = (
    ("diagnosis", "Diagnoses", "Training images by diagnosis."),
    ("anatom_site_general_challenge", "Sites on the body", "Training images by site."),
    ("sex", "Sex", "Training images by the patient's sex."),
)


def sentence(facts: Mapping[str, Any]) -> str:
    """Say in one sentence what there is."""
    train, test = facts["parts"].get("train"), facts["parts"].get("test")
    said = f"{_images(train)} of {numbers.counted(train['n_patients'], 'patient')}"
    if train.get("n_malignant") is not None and train.get("malignant_share") is not None:
        share = numbers.format_share(train["malignant_share"])
        said += f", {numbers.counted(train['n_malignant'], 'melanoma')} among them ({share})"
    if test:
        patients = numbers.counted(test["n_patients"], "other patient")
        said += f"; and {_images(test)} of {patients} to be tested on, without labels"
    return f"{said}."


def _images(part: Mapping[str, Any]) -> str:
    return numbers.counted(part["n_images"], "dermoscopic image")


def counts_table(facts: Mapping[str, Any]) -> DataTable:
    """Count what the tables hold, a column a part; what is not known stays empty."""
    names = [name for name in _PARTS if name in facts["parts"]]
    rows = [
        (label, [_known(facts["parts"][name], key) for name in names])
        for label, key in COUNT_ROWS
        if any(facts["parts"][name].get(key) for name in names)
    ]
    return table(
        "What the tables hold",
        [Column("Count"), *(Column(_PARTS[name], numeric=True) for name in names)],
        [[Cell(label), *map(_cell, values)] for label, values in rows],
    )


def _known(part: Mapping[str, Any], key: str) -> float | None:
    """Give a figure; of a part whose lesions are not told apart there are not 0."""
    value: float | None = part.get(key)
    return None if key == "n_lesions" and not value else value


def _cell(value: float | None) -> Cell:
    if value is None:
        return Cell("not given")
    whole = float(value).is_integer()
    text = numbers.format_count(value) if whole else numbers.format_number(value)
    return Cell(text, float(value))


def figures(about: Subject) -> Sequence[Figure]:
    """Draw the training cohort, as far as its figures are known."""
    train = about.facts["parts"]["train"]
    made = [
        counts_figure(
            _without_nothing(train[column]),
            key=column,
            title=title,
            caption=f"{caption} {_UNKNOWN}" if "unknown" in train[column] else caption,
            styled=False,
        )
        for column, title, caption in _VALUES
        if train.get(column)
    ]
    if about.release is not None:
        rows = training_table(about.release)
        made += [
            counts_figure(
                images_by_age(rows),
                key="ages",
                title="Age",
                caption="Training images by the patient's approximate age, in years.",
                styled=False,
            ),
            counts_figure(
                images_a_patient(rows),
                key="images-a-patient",
                title="Images a patient",
                caption="Training patients by how many images each has.",
                noun="Patients",
                styled=False,
            ),
        ]
    return made


def _without_nothing(counts: Mapping[str, int]) -> dict[str, int]:
    return {value: count for value, count in counts.items() if count}
