"""Who is tested, and on which side of the board? Patients, dealt by the secret key.

Linked patients (a shared lesion, equal files, a listed pair) stay together. Those with a melanoma
and those without are dealt apart, each by the share asked for. A patient who was on a side in an
earlier version stays there: a test label that could be read off a training table is no test.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from cygnet.cohort.folds import component_codes
from cygnet.curation.release.keyring import keyed_rank
from cygnet.errors import InputError, Offender

TRAIN: Final = "train"
PUBLIC: Final = "Public"
PRIVATE: Final = "Private"


@dataclass(frozen=True, slots=True)
class _Group:
    """Patients who must share a side. ``first`` stands for them; ``known`` is where they were."""

    first: str
    patients: tuple[str, ...]
    has_melanoma: bool
    known: str | None


def sides_of_patients(
    rows: pl.DataFrame,
    *,
    key: bytes,
    known: Mapping[str, str],
    linked: Iterable[tuple[str, str]],
    test_share: float | None,
    public_share: float,
) -> dict[str, str]:
    """Give each patient of ``rows`` the side ``train``, ``Public`` or ``Private``.

    ``rows`` has image_name, patient_id, lesion_id, target and part, all source identifiers.
    Without ``test_share`` the part that stands there is kept and only the test part is dealt into
    its two. ``known`` holds sides given before. Raises :class:`InputError` where what was kept
    apart before is now linked, or where too few patients can be dealt.
    """
    tested, given = rows, dict[str, str]()
    if test_share is None:
        tested = rows.filter(pl.col("part") == "test")
        given = dict.fromkeys(rows.filter(pl.col("part") == TRAIN)["patient_id"], TRAIN)
        # Where the data say who is tested, an earlier version can only have dealt among those.
        known = {one: side for one, side in known.items() if side != TRAIN}
    if not tested.height:
        return given
    groups = _groups(tested, key, known, linked)
    if test_share is not None:
        test = _dealt(groups, test_share, lambda side: side != TRAIN)
        given |= {one: TRAIN for group in groups if group not in test for one in group.patients}
        groups = [group for group in groups if group in test]
    public = _dealt(groups, public_share, lambda side: side == PUBLIC)
    for group in groups:
        given |= dict.fromkeys(group.patients, PUBLIC if group in public else PRIVATE)
    return given


def _groups(
    rows: pl.DataFrame, key: bytes, known: Mapping[str, str], linked: Iterable[tuple[str, str]]
) -> list[_Group]:
    """Give the groups of linked patients in the order that the key draws."""
    codes = pl.Series("group", component_codes(rows, linked))
    gathered = (
        rows.with_columns(codes)
        .group_by("group")
        .agg(pl.col("patient_id").unique().sort(), pl.col("target").fill_null(0).max())
    )
    groups, torn = [], []
    for patients, target in gathered.select("patient_id", "target").iter_rows():
        sides = {known[one] for one in patients if one in known}
        if len(sides) > 1:
            torn.append(Offender(" and ".join(patients[:5])))
        side = next(iter(sides), None)
        groups.append(_Group(patients[0], tuple(patients), bool(target), side))
    if torn:
        raise InputError.of(
            "Patients who were on different sides of the split in the version before are now linked"
            " by a lesion, a listed pair or equal files.",
            "Correct the link, or leave the linked images out.",
            offenders=torn,
        )
    return sorted(groups, key=lambda group: keyed_rank(key, "split", group.first))


def _dealt(groups: Sequence[_Group], share: float, chosen: Callable[[str], bool]) -> set[_Group]:
    """Deal ``share`` of the groups with a melanoma, and of those without, to the chosen side."""
    dealt: set[_Group] = set()
    for has_melanoma in (True, False):
        stratum = [group for group in groups if group.has_melanoma == has_melanoma]
        dealt |= {group for group in stratum if group.known and chosen(group.known)}
        new = [group for group in stratum if group.known is None]
        wanted = round(share * len(stratum))
        if len(stratum) > 1:
            wanted = min(max(wanted, 1), len(stratum) - 1)
        short = wanted - sum(group in dealt for group in stratum)
        dealt |= set(new[: max(short, 0)])
    return dealt
