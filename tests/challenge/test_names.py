import pytest
from hypothesis import given
from hypothesis import strategies as st

from cygnet.challenge.names import name_key, validate_name
from cygnet.errors import InputError


@pytest.mark.parametrize(
    "other",
    [
        "swans",
        "\uff33\uff37ANS",
        " Swans ",
        "\u0405wans",
        "Sw\u0430ns",
        "\u0405\u051d\u0430n\u0455",
        "5wans",
        "S\u03c9ans",
    ],
)
def test_names_that_a_reader_takes_for_one_share_a_key(other: str) -> None:
    assert name_key(other) == name_key("Swans")


@pytest.mark.parametrize(("one", "other"), [("A  B", "A B"), ("Bill", "B1I1"), ("a-b", "a\u2013b")])
def test_spaces_dashes_and_strokes_do_not_tell_names_apart(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize("other", ["Swan", "Sw\u00e4ns", "Swans 2", "Ducks", "\u767d\u9ce5"])
def test_other_names_are_others(other: str) -> None:
    assert name_key(other) != name_key("Swans")


@given(st.text(max_size=60))
def test_a_key_is_a_key_of_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "...",
        "Sw\u200bans",
        "Sw\u00adans",
        "Sw\u2060ans",
        "Swans\u202egnp",
        "Swans\u2067x",
        "Swans\u061c",
        "Sw\u180eans",
        "\u3164",
        "\u2800a",
        "Swans\ufe0f",
        "Swans\U000e0041",
        "Sw\u0085ans",
        "Swans\nDucks",
        "S\u0336\u0337\u0338wans",
        "Swans\ue000",
    ],
)
def test_a_name_that_disguises_itself_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="The name"):
        validate_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "Swans",
        "\u767d\u9ce5",
        "\u041b\u0435\u0431\u0435\u0434\u0438",
        "Team #1 (Wien)",
        "Nguye\u0302\u0303n",
    ],
)
def test_names_of_any_script_are_taken(name: str) -> None:
    assert validate_name(f" {name} ").casefold()[0] == name.casefold()[0]
