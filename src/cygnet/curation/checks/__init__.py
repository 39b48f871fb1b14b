"""How is each kind of finding found? By one function a question.

``CHECKS`` is the order in which they are asked. A check reads tables, facts, the names of files and
what was seen in them, yields findings, and refuses nothing.
"""

from typing import Final

from cygnet.curation.checks.confirmation import confirmation_rule
from cygnet.curation.checks.files import (
    byte_order_marks,
    missing_images,
    same_bytes,
    surplus_images,
    windows_line_ends,
)
from cygnet.curation.checks.names import names_in_identifiers, names_of_files
from cygnet.curation.checks.pairs import (
    duplicates_not_in_table,
    duplicates_that_disagree,
    lesions_of_several_images,
    listed_duplicates,
    same_pictures,
    tables_that_disagree,
)
from cygnet.curation.checks.pictures import (
    colour_profiles,
    image_faults,
    sizes_that_disagree,
    what_pixels_and_metadata_show,
    writing_sampled,
)
from cygnet.curation.checks.published import (
    published_columns,
    published_content,
    published_counts,
    published_values,
    rows_not_published,
)
from cygnet.curation.checks.published_ham10000 import ham10000_counts
from cygnet.curation.checks.seen import Check, Seen
from cygnet.curation.checks.shortcuts import shortcuts
from cygnet.curation.checks.units import (
    ages_apart,
    image_level_split,
    lesions_of_two,
    patients_of_two_sexes,
    units_in_both_parts,
    unknown_lesions,
    unknown_patients,
)
from cygnet.curation.checks.values import (
    ages_off_step,
    contradicting_diagnoses,
    identifier_shapes,
    missing_targets,
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
    missing_targets,
    units_in_both_parts,
    published_counts,
    published_columns,
    published_content,
    published_values,
    rows_not_published,
    ham10000_counts,
    tables_that_disagree,
    contradicting_diagnoses,
    confirmation_rule,
    lesions_of_two,
    patients_of_two_sexes,
    ages_apart,
    unknown_patients,
    unknown_lesions,
    listed_duplicates,
    lesions_of_several_images,
    duplicates_that_disagree,
    duplicates_not_in_table,
    same_bytes,
    same_pictures,
    image_faults,
    what_pixels_and_metadata_show,
    writing_sampled,
    colour_profiles,
    names_of_files,
    names_in_identifiers,
    shortcuts,
    unknown_values,
    missing_values,
    ages_off_step,
    identifier_shapes,
    original_sizes,
    image_level_split,
    surplus_images,
    sizes_that_disagree,
    read_otherwise,
    byte_order_marks,
    windows_line_ends,
)
