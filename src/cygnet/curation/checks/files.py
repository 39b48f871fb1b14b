"""Are the files there that the tables name? Missing, surplus, and equal in bytes."""

from collections.abc import Iterator

from cygnet.curation.checks.seen import Seen, where
from cygnet.curation.findings import Example, Finding, counted, found
from cygnet.curation.present import looked_in, named_images, without_image
from cygnet.errors import MAX_SHOWN


def missing_images(seen: Seen) -> Iterator[Finding]:
    """Find rows whose image is not there, a finding a part; tables without any folder are one."""
    if seen.images is None:
        return
    layout = seen.dataset.layout
    if not any(layout.image_folders(cohort.part) for cohort in seen.dataset.parts):
        yield found(
            "no-images",
            f"No folder of images is in {layout.root}: the tables alone were audited.",
            count=sum(cohort.table.height for cohort in seen.dataset.parts),
        )
        return
    for cohort in seen.dataset.parts:
        count, examples = where(cohort, without_image(cohort, seen.images), "image_name")
        if count:
            yield found(
                "missing-images",
                f"{count:,} of {cohort.table.height:,} {cohort.part} images are missing"
                f" ({looked_in(seen.dataset, cohort.part)}).",
                count=count,
                examples=examples,
                subject=cohort.part,
            )


def surplus_images(seen: Seen) -> Iterator[Finding]:
    """Find image files that no row names."""
    if seen.images is None:
        return
    named = named_images(seen.dataset, seen.images)
    for part, there in named.items():
        files = seen.images[part]
        surplus = sorted(set(files) - set(there))
        if surplus:
            yield found(
                "surplus-images",
                f"Without a row: {counted(len(surplus), 'file')} in the folder of {part} images.",
                count=len(surplus),
                examples=[Example(files[name].name) for name in surplus[:MAX_SHOWN]],
                subject=part,
            )


def same_bytes(seen: Seen) -> Iterator[Finding]:
    """Find image files that are equal byte for byte, and those of two patients among them."""
    pairs = sorted(seen.same_bytes or ())
    if not pairs:
        return
    owner = {
        name: (patient, row, cohort.file)
        for cohort in seen.dataset.parts
        for name, patient, row in cohort.table.select("image_name", "patient_id", "row").iter_rows()
    }
    strangers = [pair for pair in pairs if owner[pair[0]][0] != owner[pair[1]][0]]
    kin = [pair for pair in pairs if pair not in set(strangers)]
    for code, those, whose in (
        ("same-bytes", kin, "one patient"),
        ("same-bytes-across-patients", strangers, "two patients"),
    ):
        if those:
            yield found(
                code,
                f"Equal byte for byte: {counted(len(those), 'pair')} of image files of {whose}.",
                count=len(those),
                examples=[
                    Example(f"{one} / {two}", *owner[one][1:], (one, two))
                    for one, two in those[:MAX_SHOWN]
                ],
            )


def byte_order_marks(seen: Seen) -> Iterator[Finding]:
    """Find tables that begin with a byte-order mark."""
    files = [form.file for form in seen.dataset.forms if form.byte_order_mark]
    if files:
        yield found(
            "byte-order-mark",
            f"A byte-order mark begins {counted(len(files), 'table')}.",
            count=len(files),
            examples=[Example("EF BB BF", 1, file) for file in files],
        )


def windows_line_ends(seen: Seen) -> Iterator[Finding]:
    """Find tables whose lines end as on Windows."""
    files = [form.file for form in seen.dataset.forms if form.windows_line_ends]
    if files:
        yield found(
            "windows-line-ends",
            f"Windows line ends are in {counted(len(files), 'table')}.",
            count=len(files),
            examples=[Example("CR LF", 1, file) for file in files],
        )
