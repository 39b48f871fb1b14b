"""How is each kind of finding found? By one function a question.

``CHECKS`` is the order in which they are asked. A check reads tables, facts and the names of files,
yields findings, and refuses nothing.
"""

from typing import Final

from cygnet.curation.checks.files import (
    byte_order_marks,
    missing_images,
    same_bytes,
    surplus_images,
    windows_line_ends,
)
from cygnet.curation.checks.pairs import (
    duplicates_not_in_table,
    duplicates_that_disagree,
    lesions_of_several_images,
    listed_duplicates,
    same_pictures,
    tables_that_disagree,
)
from cygnet.curation.checks.published import published_content, published_counts
from cygnet.curation.checks.seen import Check, Seen
from cygnet.curation.checks.units import (
    image_level_split,
    lesions_of_two,
    patients_of_two_sexes,
    unknown_lesions,
    unknown_patients,
)
from cygnet.curation.checks.values import (
    ages_off_step,
    contradicting_diagnoses,
    identifier_shapes,
    missing_values,
    one_class,
    original_sizes,
    read_otherwise,
    unknown_values,
)

__all__ = ["CHECKS", "Check", "Seen"]

CHECKS: Final[tuple[Check, ...]] = (
    missing_images,
    one_class,
    published_counts,
    published_content,
    tables_that_disagree,
    contradicting_diagnoses,
    lesions_of_two,
    patients_of_two_sexes,
    unknown_patients,
    unknown_lesions,
    listed_duplicates,
    lesions_of_several_images,
    duplicates_that_disagree,
    duplicates_not_in_table,
    same_bytes,
    same_pictures,
    unknown_values,
    missing_values,
    ages_off_step,
    identifier_shapes,
    original_sizes,
    image_level_split,
    surplus_images,
    read_otherwise,
    byte_order_marks,
    windows_line_ends,
)
