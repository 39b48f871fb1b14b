"""What should a user know of the dataset? Its datasheet, with every number counted in the data.

The sections follow Gebru et al., Datasheets for Datasets, Communications of the ACM 64 (2021),
10.1145/3458723. What only the publisher knows and did not say stays visibly open.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cygnet.curation.release.citation import citation
from cygnet.curation.release.facts import COUNT_ROWS, ReleaseFacts
from cygnet.curation.release.parts import Part

OPEN: Final = "*Not stated by the publisher.*"

_VALUES: Final = {
    "diagnosis": "Diagnosis",
    "benign_malignant": "Benign or malignant",
    "anatom_site_general_challenge": "Anatomical site",
    "sex": "Sex",
}


def datasheet(facts: ReleaseFacts) -> str:
    """Give DATASHEET.md."""
    sections = (
        _head(facts),
        _stated("Motivation", "Why was it made?", facts.config.datasheet.motivation),
        _composition(facts),
        _stated("Collection", "How were the images taken?", facts.config.datasheet.collection),
        _stated("Labelling", "How was the truth found?", facts.config.datasheet.labelling),
        _stated("Consent and ethics", None, facts.config.datasheet.consent_and_ethics),
        _processing(facts),
        _uses(facts),
        _distribution(facts),
        _maintenance(facts),
    )
    return "\n".join(line for section in sections for line in [*section, ""])


def readme(facts: ReleaseFacts, parts: Sequence[Part]) -> str:
    """Give README.md: what is where, and how to check and read it."""
    config = facts.config
    archives = [part.archive for part in parts if part.archive is not None]
    unpack = (
        "Unpack each zip file where it lies, in `data/`: "
        + ", ".join(f"`{name}`" for name in archives)
        + ". Then `data/` reads as ISIC 2020's own layout; `images-sha256.txt` lists every"
        " image in it."
        if archives
        else "`data/` is laid out as ISIC 2020 was."
    )
    lines = (
        f"# {config.title}, version {config.version}",
        "",
        config.description,
        "",
        f"{facts.n_images:,} images of {facts.n_patients:,} patients. {unpack}",
        "",
        "- `DATASHEET.md`: what is in it, and what it is for",
        "- `LICENSE.txt`, `ATTRIBUTION.md`, `CITATION.txt`, `CITATION.cff`: on which terms",
        "- `errata.csv`: what changed since earlier versions, and why",
        "- `croissant.json`, `datacite.json`, `schema-org.jsonld`: for programs and catalogues",
        (
            "- `manifest-sha256.txt`: checksums (BagIt); check them with `cygnet cohort verify`, or"
            " with `sha256sum -c manifest-sha256.txt`"
        ),
        "",
        "Research use only; not a medical device.",
        "",
    )
    return "\n".join(lines)


def _head(facts: ReleaseFacts) -> list[str]:
    config = facts.config
    return [
        f"# Datasheet of {config.title}",
        "",
        f"Version {config.version}, {config.published.isoformat()}. {config.description}",
        "",
        (
            f"{facts.n_images:,} dermoscopic images of {facts.n_patients:,} patients. Every number"
            " here was counted in the files of this release."
        ),
    ]


def _stated(title: str, question: str | None, text: str | None) -> list[str]:
    asked = [f"{question}", ""] if question else []
    return [f"## {title}", "", *asked, text or OPEN]


def _composition(facts: ReleaseFacts) -> list[str]:
    lines = ["## Composition", "", "A row is an image; a patient is in one part only.", ""]
    names = list(facts.parts)
    lines += _table(
        ["", *names],
        [
            [label, *(_figure(facts.parts[name], key) for name in names)]
            for label, key in COUNT_ROWS
        ],
    )
    for name, part in facts.parts.items():
        age = part["age_approx"]
        if age["min"] is not None:
            lines += [
                "",
                (
                    f"Age in {name}: {age['min']:g} to {age['max']:g} years;"
                    f" not known for {_images(age['missing'])}."
                ),
            ]
        for column, title in _VALUES.items():
            if column in part:
                lines += ["", f"{title}, {name}: {_counts(part[column])}."]
    if "n_malignant" in facts.parts["train"]:
        share = facts.parts["train"]["malignant_share"]
        lines += ["", f"Melanoma among training images: {100 * share:.2f} %."]
    pairs = "pair" if facts.n_pairs == 1 else "pairs"
    lines += ["", f"Listed duplicates among training images: {facts.n_pairs:,} {pairs}."]
    if "test" in facts.parts:
        truth = "withheld" if facts.has_truth else "not known to the publisher's program"
        lines += [
            "",
            (
                f"The labels of the test images are {truth}. Their patients are dealt into a public"
                f" part ({facts.n_public:,}) and a private part ({facts.n_private:,})."
            ),
        ]
    lines += ["", *_by_source(facts)]
    return lines


def _by_source(facts: ReleaseFacts) -> list[str]:
    rows = [[name, f"{count:,}"] for name, count in facts.by_source.items()]
    return _table(["Source", "Images"], rows)


def _processing(facts: ReleaseFacts) -> list[str]:
    config = facts.config
    sides = [side for image in facts.images for side in (image.width_px, image.height_px)]
    lines = [
        "## Processing",
        "",
        "- Identifiers are random, drawn with a secret key that is not part of this release.",
        (
            f"- Ages are rounded to steps of {config.tables.age_step_years} years, and those above"
            f" {config.tables.oldest_age_years} are given as {config.tables.oldest_age_years}."
        ),
        (
            "- Dates, free text and all other columns of the source tables were left out"
            f" ({facts.n_columns_left_out:,} columns)."
        ),
        (
            "- EXIF, XMP, comments and thumbnails were taken out of the JPEG files. The compressed"
            " pixels are the original bytes: nothing was encoded again. Colour profiles are kept."
        ),
        (
            f"- {_images(facts.n_oriented)} carried an EXIF orientation that is not in this"
            " release; the stored grid of pixels is unchanged."
        ),
        f"- The shortest side of an image has {min(sides):,} px, the longest {max(sides):,} px.",
    ]
    if config.selection.one_image_a_lesion:
        lines.append(
            f"- One image a lesion: {_images(facts.n_left_out_of_lesions)} more were left out."
        )
    if config.selection.min_lesions_a_patient > 1:
        lines.append(
            f"- Patients with fewer than {config.selection.min_lesions_a_patient} lesions were left"
            f" out: {_images(facts.n_left_out_of_patients)}."
        )
    return lines


def _uses(facts: ReleaseFacts) -> list[str]:
    texts = facts.config.datasheet
    return [
        "## Uses",
        "",
        f"Intended: {texts.intended_uses or OPEN}",
        "",
        f"To avoid: {texts.uses_to_avoid or OPEN}",
        "",
        (
            "Research use only; not a medical device. Split by patient: images of one person"
            " resemble each other. The size of the original image and the number of images that a"
            " patient has can tell melanoma from other lesions by themselves; report results beside"
            " them."
        ),
    ]


def _distribution(facts: ReleaseFacts) -> list[str]:
    config = facts.config
    n_bytes = sum(image.n_bytes for image in facts.images)
    formats = " and ".join({"jpeg": "JPEG", "dicom": "DICOM"}[f] for f in config.images.formats)
    return [
        "## Distribution",
        "",
        (
            f"{config.licence.name} ({config.licence.spdx}), {config.licence.url}. {formats},"
            f" {len(facts.images):,} image files of {n_bytes:,} bytes in all. The release is a"
            " BagIt bag: `cygnet cohort verify`, or any BagIt program, checks it."
        ),
        "",
        f"Cite: {citation(config)}",
    ]


def _maintenance(facts: ReleaseFacts) -> list[str]:
    texts = facts.config.datasheet
    changed: dict[str, int] = {}
    for row in facts.errata:
        changed[row["change"]] = changed.get(row["change"], 0) + 1
    said = "; ".join(f"{change} {count:,}" for change, count in sorted(changed.items()))
    if facts.config.previous is None:
        errata = "This is the first version."
    elif not changed:
        errata = "Nothing changed since the version before."
    else:
        errata = f"Changed since the version before: {said}. Each is in errata.csv with its reason."
    return [
        "## Maintenance",
        "",
        texts.maintenance or OPEN,
        "",
        f"Contact: {texts.contact or OPEN}",
        "",
        errata,
    ]


def _figure(part: Mapping[str, Any], key: str) -> str:
    value = part.get(key)
    if value is None or (key == "n_lesions" and value == 0):
        return "not given"
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def _counts(values: Mapping[str, int]) -> str:
    return "; ".join(f"{value} {count:,}" for value, count in values.items() if count)


def _images(count: int) -> str:
    return f"{count:,} image" + "s" * (count != 1)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]
