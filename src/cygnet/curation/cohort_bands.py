"""How old are the patients of a cohort, and how many images has each? Counts in bands.

The bands of a page about a dataset; a missing age is a band of its own, last.
"""

from typing import Final

import polars as pl

_IMAGES: Final = ((1, 1), (2, 5), (6, 10), (11, 20), (21, 50), (51, 100))
_DECADE: Final = 10


def images_a_patient(table: pl.DataFrame) -> dict[str, int]:
    """Count patients by how many images they have; rows without a patient are left out.

    >>> images_a_patient(pl.DataFrame({"patient_id": ["a", "b", "b", None]}))
    {'1 image': 1, '2 to 5': 1}
    """
    found = table.drop_nulls("patient_id").group_by("patient_id").len()["len"].to_list()
    bands = {
        ("1 image" if low == high else f"{low} to {high}"): sum(low <= n <= high for n in found)
        for low, high in _IMAGES
    }
    last = _IMAGES[-1][1]
    bands[f"over {last}"] = sum(n > last for n in found)
    return {band: count for band, count in bands.items() if count}


def images_by_age(table: pl.DataFrame) -> dict[str, int]:
    """Count images by the decade of ``age_approx``, the youngest first.

    >>> images_by_age(pl.DataFrame({"age_approx": [45.0, 40.0, 70.0, None]}))
    {'40 to 49': 2, '50 to 59': 0, '60 to 69': 0, '70 to 79': 1, 'missing': 1}
    """
    ages = table["age_approx"]
    decades = [int(age // _DECADE) * _DECADE for age in ages.drop_nulls()]
    bands = {
        f"{start} to {start + _DECADE - 1}": decades.count(start)
        for start in range(min(decades, default=0), max(decades, default=-1) + 1, _DECADE)
    }
    return bands | ({"missing": ages.null_count()} if ages.null_count() else {})
