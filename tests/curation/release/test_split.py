"""Are patients dealt whole, by the key, by melanoma, and never from one side to the other?"""

import polars as pl
import pytest

from cygnet.curation.release.split import sides_of_patients
from cygnet.errors import InputError

KEY = b"0123456789abcdef"


def cohort(n_patients: int, n_bearing: int, part: str = "train") -> pl.DataFrame:
    rows = [
        {
            "image_name": f"i{patient}_{image}",
            "patient_id": f"p{patient:03d}",
            "lesion_id": None,
            "target": int(patient < n_bearing and image == 0),
            "part": part,
        }
        for patient in range(n_patients)
        for image in range(3)
    ]
    return pl.DataFrame(rows, schema_overrides={"lesion_id": pl.String})


def sides(
    rows: pl.DataFrame,
    known: dict[str, str] | None = None,
    linked: list[tuple[str, str]] | None = None,
    share: float | None = 0.25,
    key: bytes = KEY,
) -> dict[str, str]:
    return sides_of_patients(
        rows, key=key, known=known or {}, linked=linked or [], test_share=share, public_share=0.3
    )


def test_each_stratum_gives_its_share() -> None:
    made = sides(cohort(200, 40))
    tested = [name for name, side in made.items() if side != "train"]
    bearing = [name for name in tested if name < "p040"]
    assert (len(tested), len(bearing)) == (50, 10)
    public = [name for name in tested if made[name] == "Public"]
    assert len(public) == round(0.3 * 10) + round(0.3 * 40)
    assert sum(name < "p040" for name in public) == 3


def test_the_key_decides() -> None:
    rows = cohort(60, 20)
    assert sides(rows) == sides(rows.reverse())
    assert sides(rows) != sides(rows, key=b"fedcba9876543210")


def test_who_was_tested_stays_tested_when_patients_come_and_go() -> None:
    first = sides(cohort(60, 12))
    gone = cohort(100, 20).filter(pl.col("patient_id") != "p003")
    second = sides(gone, known=first)
    assert {name: second[name] for name in first if name != "p003"} == {
        name: side for name, side in first.items() if name != "p003"
    }
    assert sum(side != "train" for side in second.values()) == pytest.approx(25, abs=1)


def test_linked_patients_share_a_side() -> None:
    links = [(f"i{one}_0", f"i{one + 1}_1") for one in range(0, 60, 2)]
    made = sides(cohort(60, 12), linked=links)
    assert all(made[f"p{one:03d}"] == made[f"p{one + 1:03d}"] for one in range(0, 60, 2))


def test_a_link_across_the_split_of_the_version_before_is_refused() -> None:
    known = {"p000": "train", "p001": "Private"}
    with pytest.raises(InputError, match="p000 and p001"):
        sides(cohort(10, 4), known=known, linked=[("i0_0", "i1_0")])


def test_a_given_split_is_kept_and_only_the_test_part_dealt() -> None:
    test = cohort(40, 8).with_columns(
        pl.lit("test").alias("part"),
        ("t" + pl.col("patient_id")).alias("patient_id"),
        ("t" + pl.col("image_name")).alias("image_name"),
    )
    made = sides(pl.concat([cohort(20, 4), test]), share=None)
    assert all(side == "train" for name, side in made.items() if name.startswith("p"))
    assert sum(side == "Public" for side in made.values()) == round(0.3 * 8) + round(0.3 * 32)
    assert set(sides(cohort(5, 2), share=None).values()) == {"train"}
