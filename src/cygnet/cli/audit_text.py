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
_PUBLISHED_CODES = ("published-counts", "published-content", "published-columns")
_TOLD_BY_MESSAGE = ("strong-shortcut", "shortcut")


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
    _print_evidence(audit)
    _print_shortcuts(audit)
    for finding in audit.findings:
        _print_finding(finding)
    out.print()
    levels = audit.n_by_level.items()
    counts = [f"{count} {level}{'s' * (count != 1)}" for level, count in levels]
    accepted = [f"{audit.n_accepted} accepted"] if audit.n_accepted else []
    out.print(", ".join(counts + accepted) + ".")


def _print_evidence(audit: "Audit") -> None:
    """Say how many pairs of duplicates there are by what speaks for them."""
    counts = audit.facts["duplicate_evidence"]
    if any(counts.values()):
        said = ", ".join(
            f"{kind.replace('_', ' ')} {'not looked for' if n is None else f'{n:,}'}"
            for kind, n in counts.items()
        )
        out = console.output()
        out.print()
        out.print(f"Pairs of duplicates: {said}.")


def _print_shortcuts(audit: "Audit") -> None:
    """Print what each attribute reaches without the lesion."""
    rows = [
        (
            one.label,
            f"{one.auroc.estimate:.3f}",
            f"{one.auroc.lower:.3f} to {one.auroc.upper:.3f}" if one.auroc.has_interval else "-",
            f"{one.n_images:,}",
        )
        for one in audit.giveaways
        if one.n_values > 1
    ]
    if rows:
        console.output().print()
        console.print_table(
            ("without the lesion, out of fold", "AUROC", "interval", "images"),
            rows,
            numeric=(1, 2, 3),
        )


def _print_recognised(audit: "Audit", parts: Sequence[str]) -> None:
    recognised = [part for part in parts if audit.facts["is_isic_2020"][part]]
    if not recognised:
        return
    differs = any(finding.code in _PUBLISHED_CODES for finding in audit.findings)
    whole = all(audit.facts["published_share"][part] >= 0.9 for part in recognised)
    same = "counts and rows are as published" if whole else "a part of it, its rows as published"
    verdict = "not all is as published" if differs else same
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
    accepted = "  (accepted)" if finding.accepted else ""
    out.print(f"{finding.level}  {finding.code}{accepted}", style=style)
    out.print(f"  {finding.message}")
    if finding.examples and finding.code not in _TOLD_BY_MESSAGE:
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
