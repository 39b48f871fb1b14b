"""What was published about ISIC 2020 itself? Its description, figures and files, without a release.

The figures are those of ``cohort/published.py``, the files those of the registry that ``cygnet
cohort fetch`` downloads from; here stand the words, our own, and the names.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from cygnet.cohort.published import (
    PUBLISHED_COUNTS,
    PUBLISHED_DUPLICATES,
    PUBLISHED_VALUES,
)
from cygnet.curation.fetch.registry import KnownDataset, known_dataset
from cygnet.curation.release.citation import bibtex as bibtex_of
from cygnet.curation.release.config import (
    Creator,
    DatasetDescription,
    Datasheet,
    Licence,
    Source,
)
from cygnet.curation.release.metadata import datacite_of, schema_org_of

NAME: Final = "isic2020"
YEAR: Final = 2020
PAPER: Final = (
    "Rotemberg, V. et al. A patient-centric dataset of images and metadata for identifying"
    " melanomas using clinical context. Scientific Data 8, 34 (2021)."
    " https://doi.org/10.1038/s41597-021-00815-z"
)
PAPER_BIBTEX: Final = """\
@article{rotemberg-2021,
  author = {Rotemberg, Veronica and others},
  title = {{A patient-centric dataset of images and metadata for identifying melanomas using \
clinical context}},
  journal = {Scientific Data},
  volume = {8},
  pages = {34},
  year = {2021},
  doi = {10.1038/s41597-021-00815-z}
}
"""

_SOURCES: Final = (
    "Hospital Cl\u00ednic de Barcelona",
    "Medical University of Vienna",
    "Memorial Sloan Kettering Cancer Center",
    "Melanoma Institute Australia",
    "University of Queensland",
    "University of Athens Medical School",
)
_ISIC: Final = "International Skin Imaging Collaboration"


def dataset() -> KnownDataset:
    """Give the entry of the registry: titles, licence, and files with their published sizes."""
    return known_dataset(NAME)


def description() -> DatasetDescription:
    """Give what is said of the dataset, as a release of it would say it."""
    known = dataset()
    return DatasetDescription(
        name=NAME,
        title=known.title,
        version="1",
        # Only the year was published; what states a date states it through `documents`.
        published=date(YEAR, 1, 1),
        description=(
            "Dermoscopic images of skin lesions, with all imaged lesions of a patient under one"
            " identifier, so that software can look for the lesion that differs from the patient's"
            " others. It was collected for the SIIM-ISIC Melanoma Classification challenge of 2020."
        ),
        publisher=_ISIC,
        keywords=("dermoscopy", "melanoma", "skin lesion", "ugly duckling sign", "patient context"),
        doi=known.doi,
        url=known.page,
        creator=(Creator(name=_ISIC),),
        licence=Licence(
            spdx=known.licence,
            name="Creative Commons Attribution-NonCommercial 4.0 International",
            url=known.licence_url,
        ),
        source=tuple(Source(name=name, value=name, attribution=name) for name in _SOURCES),
        datasheet=Datasheet(
            collection=(
                "Each image shows one lesion through a dermatoscope. For each there is an"
                " identifier of the patient, and where known the sex, the approximate age in steps"
                " of five years, and the site on the body. JPEG, and DICOM with the same picture."
            ),
            labelling=(
                "Every malignant diagnosis was confirmed by histopathology. Benign ones were"
                " confirmed by the agreement of experts, by follow-up over time, or by"
                " histopathology. The labels of the test images were never published."
            ),
        ),
    )


def documents() -> dict[str, dict[str, Any]]:
    """Give what catalogues read: DataCite and schema.org.

    There is no Croissant: it asks for a checksum of every file, and none was published.
    """
    said = description()
    figures = facts()
    sizes = [f"{figures['n_images']} images", f"{figures['n_patients']} patients"]
    datacite = datacite_of(said, sizes=sizes, formats=("jpeg", "dicom"))
    datacite["dates"] = [{"date": str(YEAR), "dateType": "Issued"}]
    json_ld = schema_org_of(said) | {"datePublished": str(YEAR), "creditText": citation()}
    return {"datacite.json": datacite, "schema-org.jsonld": json_ld}


def citation() -> str:
    """Give the citation that the publisher asks for."""
    return dataset().attribution


def bibtex() -> str:
    """Give the citations of the dataset and of its paper as BibTeX."""
    made = bibtex_of(description()).replace("  version = {1},\n", "")
    return f"{made}\n{PAPER_BIBTEX}"


def facts() -> Mapping[str, Any]:
    """Give the published figures in the form of a release's ``facts``."""
    parts: dict[str, dict[str, Any]] = {
        part: {**PUBLISHED_COUNTS[part], **PUBLISHED_VALUES[part]} for part in ("train", "test")
    }
    for part in parts.values():
        part["mean_images_a_patient"] = part["n_images"] / part["n_patients"]
    train = parts["train"]
    train["malignant_share"] = train["n_malignant"] / train["n_images"]
    # Only what is missing was published of these two; a page must not take it for the whole.
    train["age_approx"] = {"min": 0.0, "max": 90.0, **PUBLISHED_VALUES["train"]["age_approx"]}
    parts["test"].pop("anatom_site_general_challenge")
    return {
        "n_images": sum(part["n_images"] for part in parts.values()),
        "n_patients": sum(part["n_patients"] for part in parts.values()),
        "parts": parts,
        "n_listed_duplicates": PUBLISHED_DUPLICATES["n_listed"],
    }
