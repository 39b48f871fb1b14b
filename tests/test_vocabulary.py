"""Words that mean the same are one word; a name that leads out of a folder is no name."""

import pytest

from cygnet.vocabulary import (
    COLUMN_SPELLINGS,
    KNOWN_VALUES,
    VALUE_SPELLINGS,
    is_melanoma,
    is_safe_identifier,
)


@pytest.mark.parametrize("name", ["ISIC_2637011", "a", "HAM_0000550", "scan 7", "übung-1", "a.b"])
def test_ordinary_names_are_safe(name: str) -> None:
    assert is_safe_identifier(name)


@pytest.mark.parametrize(
    "name",
    ["", "../../x", "..", ".", "a/b", "a\\b", "a\nb", "a\x00b", "a\u202eb", "x" * 65, "___"],
)
def test_names_that_lead_elsewhere_or_hide_something_are_not(name: str) -> None:
    assert not is_safe_identifier(name)


def test_every_spelling_means_a_known_word() -> None:
    assert VALUE_SPELLINGS
    for column, spellings in VALUE_SPELLINGS.items():
        meant = {value for value in spellings.values() if value is not None}
        assert meant <= set(KNOWN_VALUES[column])


def test_every_column_is_spelled_as_itself_first() -> None:
    assert COLUMN_SPELLINGS
    assert all(spellings[0] == name for name, spellings in COLUMN_SPELLINGS.items())


@pytest.mark.parametrize(
    ("diagnosis", "expected"),
    [
        ("melanoma", True),
        ("Melanoma Invasive", True),
        ("Melanoma, NOS", True),
        ("nevus", False),
        ("atypical melanocytic proliferation", False),
        ("pseudomelanoma", False),
    ],
)
def test_a_melanoma_is_told_from_what_only_sounds_like_it(diagnosis: str, expected: bool) -> None:
    assert is_melanoma(diagnosis) == expected
