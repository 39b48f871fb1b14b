"""Patients are chosen for a reason each, the one who shows it most, and the rule is told."""

import numpy as np

from cygnet.report.patient_choice import PatientRanks, choose_patients, places


def patient(
    name: str,
    target: list[int],
    before: list[int],
    after: list[int] | None = None,
    duckling: int | None = None,
) -> PatientRanks:
    return PatientRanks(
        name,
        np.arange(len(target)),
        np.array(target),
        np.array(before),
        None if after is None else np.array(after),
        duckling,
    )


def names(every: list[PatientRanks]) -> dict[str, str]:
    return {one.reason: one.patient.patient_id for one in choose_patients(every)[0]}


def test_each_reason_finds_the_patient_who_shows_it_most() -> None:
    found = patient("found", [1, *[0] * 6], list(range(1, 8)), list(range(1, 8)))
    small = patient("small", [1, 0, 0, 0], [1, 2, 3, 4], [1, 2, 3, 4])
    missed = patient("missed", [0, 0, 0, 1], [1, 2, 3, 4], [1, 2, 3, 4])
    raised = patient("raised", [0, 0, 1, 0, 0], [1, 2, 5, 3, 4], [1, 3, 2, 4, 5])
    little = patient("little", [0, 0, 1, 0, 0], [1, 2, 4, 3, 5], [1, 2, 3, 4, 5])
    lowered = patient("lowered", [0, 0, 1, 0, 0], [2, 3, 1, 4, 5], [1, 2, 3, 4, 5])
    odd = patient("odd", [0, 1, 0, 0], [1, 2, 3, 4], [1, 2, 3, 4], duckling=1)
    benign = patient("benign", [0] * 5, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert names([small, found, missed, little, raised, lowered, odd, benign]) == {
        "A melanoma ranked first": "found",
        "Melanomas ranked low": "missed",
        "Context raised a melanoma": "raised",
        "Context lowered a melanoma": "lowered",
        "The duckling is a melanoma": "odd",
        "No melanoma": "benign",
    }


def test_nobody_is_taken_twice_and_the_order_of_rows_does_not_matter() -> None:
    both = patient("both", [1, 0, 0, 0, 0], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], duckling=0)
    other = patient("other", [1, 0, 0, 0], [1, 2, 3, 4], [1, 2, 3, 4], duckling=0)
    expected = {"A melanoma ranked first": "both", "The duckling is a melanoma": "other"}
    assert names([both, other]) == names([other, both]) == expected


def test_of_equals_the_lower_identifier_is_taken() -> None:
    twins = [patient(name, [0] * 4, [1, 2, 3, 4]) for name in ("IP_2", "IP_1")]
    assert names(twins) == {"No melanoma": "IP_1"}


def test_without_context_nothing_is_said_of_what_it_moved() -> None:
    chosen, rule = choose_patients([patient("a", [1, 0, 0, 0], [3, 1, 2, 4])])
    assert [one.reason for one in chosen] == ["Melanomas ranked low"]
    assert "context" not in rule
    assert rule.startswith("Of 1 patient with 4 to 60 lesions")
    assert "melanomas ranked low" in rule


def test_small_patients_serve_where_there_are_no_others_and_huge_ones_are_left() -> None:
    pair = patient("pair", [0, 0], [1, 2])
    chosen, rule = choose_patients([pair, patient("one", [0], [1])])
    assert [one.patient.patient_id for one in chosen] == ["pair"]
    assert "2 or more lesions" in rule
    crowd = patient("crowd", [0] * 61, list(range(1, 62)))
    four = patient("four", [0] * 4, [1, 2, 3, 4])
    assert names([crowd, four]) == {"No melanoma": "four"}
    assert choose_patients([]) == ([], choose_patients([])[1])


def test_places_are_unique_and_the_earlier_row_wins_a_tie() -> None:
    assert places(np.array([0.1, 0.7, 0.7, 0.9])).tolist() == [4, 2, 3, 1]
