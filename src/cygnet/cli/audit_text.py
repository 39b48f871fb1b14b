"""How does an audit look in a terminal? Figures side by side, then findings, errors first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cygnet.cli import console

if TYPE_CHECKING:
    from cygnet.curation.audit import Audit
    from cygnet.curation.findings import Finding

_ROWS = (
    ("images", "n_images"),
    ("patients", "n_patients"),
    ("lesions", "n_lesions"),
    ("malignant", "n_malignant"),
    ("benign", "n_benign"),
    ("patients with melanoma", "n_melanoma_patients"),
    ("melanomas a patient, at most", "max_melanomas_a_patient"),
    ("images a patient, mean", "mean_images_a_patient"),
    ("images a patient, least", "min_images_a_patient"),
    ("images a patient, most", "max_images_a_patient"),
)

_VALUE_COLUMNS = ("sex", "anatom_site_general_challenge", "diagnosis")
_PUBLISHED_CODES = ("published-counts", "published-content")


def print_audit(audit: "Audit") -> None:
    """Print ``audit`` on standard output; the last line counts the findings."""
    out = console.output()
    out.print(audit.sentence)
    parts = [part for part in ("train", "test") if part in audit.facts]
    _print_recognised(audit, parts)
    out.print()
    rows = [
        (label, *(_figure(audit.facts[part].get(key)) for part in parts)) for label, key in _ROWS
    ]
    if "images" in audit.facts:
        present = (_figure(audit.facts["images"][part]["n_present"]) for part in parts)
        rows.insert(1, ("image files there", *present))
    console.print_table(
        ("", *parts),
        [row for row in rows if any(figure != "-" for figure in row[1:])],
        numeric=range(1, len(parts) + 1),
    )
    _print_values(audit, parts)
    for finding in audit.findings:
        _print_finding(finding)
    out.print()
    levels = audit.n_by_level.items()
    out.print(", ".join(f"{count} {level}{'s' * (count != 1)}" for level, count in levels) + ".")


def _print_recognised(audit: "Audit", parts: Sequence[str]) -> None:
    recognised = [part for part in parts if audit.facts["is_isic_2020"][part]]
    if not recognised:
        return
    differs = any(finding.code in _PUBLISHED_CODES for finding in audit.findings)
    verdict = "not all is as published" if differs else "counts and rows are as published"
    console.output().print(
        f"Recognised as ISIC 2020 (10.34970/2020-ds01), {' and '.join(recognised)}: {verdict}."
    )


def _print_values(audit: "Audit", parts: Sequence[str]) -> None:
    out = console.output()
    for part in parts:
        for column in _VALUE_COLUMNS:
            counts = audit.facts[part].get(column, {})
            shown = [f"{value} {count:,}" for value, count in counts.items() if count]
            if shown:
                out.print()
                out.print(f"{part}, {column}: {'; '.join(shown)}.")


def _figure(value: Any) -> str:
    if value is None or value == 0:
        return "-"
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def _print_finding(finding: "Finding") -> None:
    out = console.output()
    style = {"error": f"bold {console.ACCENT}", "warning": "bold", "note": ""}[finding.level]
    out.print()
    out.print(f"{finding.level}  {finding.code}", style=style)
    out.print(f"  {finding.message}")
    if finding.examples:
        shown = []
        for example in finding.examples:
            places = [example.file.name] if example.file is not None else []
            places += [f"row {example.row}"] if example.row is not None else []
            place = " ".join(places)
            shown.append(f"{place}: {example.value}" if place else example.value)
        more = ["..."] if finding.count > len(shown) else []
        for line in (*shown, *more):
            out.print(f"    {line}")
    out.print(f"  {finding.remedy}")
