"""Which figures does a release state? Counted in what was written, by reading it back.

The datasheet, the metadata and the record all quote these, so that they cannot disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cygnet.cohort.table import Dataset
from cygnet.curation.audit_facts import part_facts
from cygnet.curation.release.config import ReleaseConfig
from cygnet.curation.release.parts import WrittenImage
from cygnet.curation.release.selection import Selected

COUNT_ROWS: Final = (
    ("Images", "n_images"),
    ("Patients", "n_patients"),
    ("Lesions", "n_lesions"),
    ("Melanoma images", "n_malignant"),
    ("Other images", "n_benign"),
    ("Patients with a melanoma", "n_melanoma_patients"),
    ("Melanoma images a patient, at most", "max_melanomas_a_patient"),
    ("Images a patient, mean", "mean_images_a_patient"),
    ("Images a patient, least", "min_images_a_patient"),
    ("Images a patient, most", "max_images_a_patient"),
)
"""How the figures of a part are called, and their keys, in the order of a table."""


@dataclass(frozen=True)
class ReleaseFacts:
    """The figures of one release; ``parts`` are those of the audit, by part."""

    config: ReleaseConfig
    parts: Mapping[str, Mapping[str, Any]]
    images: Sequence[WrittenImage]
    by_source: Mapping[str, int]
    n_pairs: int
    n_public: int
    n_private: int
    has_truth: bool
    n_left_out_of_lesions: int
    n_left_out_of_patients: int
    n_columns_left_out: int
    errata: Sequence[Mapping[str, str]]
    n_errata_before: int

    @property
    def n_images(self) -> int:
        """How many images there are, of both parts, each counted once."""
        return sum(int(part["n_images"]) for part in self.parts.values())

    @property
    def n_patients(self) -> int:
        """How many patients there are; none is in two parts."""
        return sum(int(part["n_patients"]) for part in self.parts.values())

    @property
    def n_oriented(self) -> int:
        """How many images had an EXIF orientation that is not in the release."""
        return len({image.image_name for image in self.images if image.oriented})

    def as_json(self) -> dict[str, Any]:
        """Give the figures as they stand in ``release.json``."""
        return {
            "n_images": self.n_images,
            "n_patients": self.n_patients,
            "parts": {name: dict(part) for name, part in self.parts.items()},
            "n_test_patients_public": self.n_public,
            "n_test_patients_private": self.n_private,
            "has_test_truth": self.has_truth,
            "n_listed_duplicates": self.n_pairs,
            "n_images_by_source": dict(self.by_source),
            "n_files": len(self.images),
            "n_image_bytes": sum(image.n_bytes for image in self.images),
            "n_left_out_one_image_a_lesion": self.n_left_out_of_lesions,
            "n_left_out_few_lesions": self.n_left_out_of_patients,
            "n_columns_left_out": self.n_columns_left_out,
            "n_orientations_dropped": self.n_oriented,
            "n_errata": len(self.errata),
        }


def release_facts(
    config: ReleaseConfig,
    selected: Selected,
    written: Dataset,
    images: Sequence[WrittenImage],
    *,
    n_columns_left_out: int,
    errata: Sequence[Mapping[str, str]],
    n_errata_before: int,
) -> ReleaseFacts:
    """Count what is in a release; ``written`` is its tables as the cohort reader gives them."""
    patients = dict(selected.test.select("patient_id", "side").iter_rows())
    sides = list(patients.values())
    named = selected.rows["source"].to_list()
    return ReleaseFacts(
        config=config,
        parts={cohort.part: part_facts(cohort) for cohort in written.parts},
        images=images,
        by_source={one.name: named.count(one.name) for one in config.source},
        n_pairs=written.duplicates.height,
        n_public=sides.count("Public"),
        n_private=sides.count("Private"),
        has_truth=selected.has_truth,
        n_left_out_of_lesions=selected.n_left_out_of_lesions,
        n_left_out_of_patients=selected.n_left_out_of_patients,
        n_columns_left_out=n_columns_left_out,
        errata=errata,
        n_errata_before=n_errata_before,
    )
