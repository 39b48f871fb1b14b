"""How does the command run an audit? It reads, looks, asks for findings, and hands them on.

Everything is found before anything is written, and each file is written whole: a run that is
interrupted leaves nothing behind.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cygnet.cli import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cygnet.cohort.table import Dataset
    from cygnet.curation.audit import Audit
    from cygnet.curation.present import Images


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What was asked for on the command line."""

    data: Path
    pixels: bool = True
    all_writing: bool = False
    near: bool = False
    duplicates: Path | None = None
    baseline: Path | None = None
    workers: int | None = None
    ray: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRun:
    """An audit with the dataset and the files that it was made of."""

    audit: "Audit"
    dataset: "Dataset"
    images: "Images | None"


def run_audit(request: AuditRequest) -> AuditRun:
    """Read, look at the files where asked to, audit, and mark what the baseline accepts."""
    from cygnet.cohort.table import read_dataset
    from cygnet.curation.audit import audit
    from cygnet.curation.baseline import read_baseline, with_baseline
    from cygnet.curation.present import named_images, present_images

    # Before the work: a slip in a path should not be told after it.
    accepted = None if request.baseline is None else read_baseline(request.baseline)
    dataset = read_dataset(request.data, for_audit=True)
    images = present_images(dataset)
    same_pictures = _same_pictures(request, dataset, images)
    files = None
    if request.pixels and images is not None:
        from cygnet.curation.looking import look_at_files

        named = named_images(dataset, images)
        with console.progress("Looking at images", sum(map(len, named.values()))) as advance:
            files = look_at_files(
                named,
                workers=request.workers,
                ray_address=request.ray,
                progress=advance,
                all_writing=request.all_writing,
            )
    found = audit(dataset, images, same_pictures, files=files)
    if accepted is not None:
        found = with_baseline(found, accepted)
    return AuditRun(found, dataset, images)


def _same_pictures(
    request: AuditRequest, dataset: "Dataset", images: "Images | None"
) -> "Sequence[tuple[str, str]] | None":
    from cygnet.curation.duplicates import find_duplicates, read_duplicates

    pairs: set[tuple[str, str]] = set()
    if request.duplicates is not None:
        pairs |= set(read_duplicates(request.duplicates))
    if request.near and images is not None:
        looked = find_duplicates(
            dataset,
            images,
            pixels="near",
            workers=request.workers,
            ray_address=request.ray,
            bar=console.progress,
        )
        pairs |= {
            (pair.image_name_1, pair.image_name_2)
            for pair in looked.pairs
            if {"same_pixels", "near_duplicate"} & {*pair.evidence}
        }
    return sorted(pairs) if request.near or request.duplicates is not None else None


def print_and_write(
    request: AuditRequest, run: AuditRun, *, html: Path | None, baseline: Path | None, as_json: bool
) -> None:
    """Write the page and the baseline where asked to; print the audit."""
    from cygnet.cli.audit_text import print_audit

    if baseline is not None:
        from cygnet.curation.baseline import write_baseline

        write_baseline(baseline, run.audit)
    if html is not None:
        from datetime import UTC, datetime

        from cygnet.report.audit_page import write_audit_page

        write_audit_page(
            html,
            run.audit,
            name=request.data.resolve().name,
            created=datetime.now(UTC),
            dataset=run.dataset,
            images=run.images if request.pixels else None,
        )
    if as_json:
        console.print_json(run.audit.as_json())
        return
    print_audit(run.audit)
    for file, what in ((html, "The page is in"), (baseline, "The baseline is in")):
        if file is not None:
            console.output().print(f"{what} {file}")
