"""Are identifiers random under the key, stable from version to version, and never doubled?"""

import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cygnet.curation.release import keyring
from cygnet.curation.release.keyring import Ledger, read_ledger, read_or_make_key
from cygnet.errors import InputError

KEY = b"0123456789abcdef"


def test_identifiers_have_the_shape_of_isic_2020() -> None:
    ledger = Ledger(Path("none"))
    given_ids = ledger.give(KEY, "patient_id", ["b", "a"])
    assert list(given_ids) == ["a", "b"]
    assert all(name.startswith("IP_") and len(name) == 10 for name in given_ids.values())
    # HMAC-SHA256 of "patient_id 0\0a" under the key, its first eight bytes modulo ten million.
    assert given_ids["a"] == "IP_" + expected("a")


def expected(source: str) -> str:
    import hashlib
    import hmac

    digest = hmac.new(KEY, b"patient_id 0\0" + source.encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**7:07d}"


def test_numbers_that_collide_are_passed_over_and_the_first_comer_keeps_his(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keyring, "_SPACE", 40)
    monkeypatch.setattr(keyring, "_FULLEST", 1000)
    ledger = Ledger(Path("none"))
    first = ledger.give(KEY, "image_name", [f"x{n}" for n in range(10)])
    second = ledger.give(KEY, "image_name", [f"a{n}" for n in range(9)] + list(first))
    assert {name: second[name] for name in first} == first
    assert len(set(second.values())) == 19


@settings(max_examples=25)
@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=30))
def test_identifiers_do_not_depend_on_the_order_and_are_distinct(sources: set[str]) -> None:
    one = Ledger(Path("none")).give(KEY, "lesion_id", sorted(sources))
    two = Ledger(Path("none")).give(KEY, "lesion_id", sorted(sources, reverse=True))
    assert one == two
    assert len(set(one.values())) == len(sources)


def test_no_released_identifier_is_a_source_identifier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "_SPACE", 100)
    monkeypatch.setattr(keyring, "_FULLEST", 1000)
    sources = [f"ISIC_{number:07d}" for number in range(0, 100, 3)]
    made = Ledger(Path("none")).give(KEY, "image_name", sources)
    assert not set(made.values()) & set(sources)


def test_a_full_space_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "_FULLEST", 3)
    with pytest.raises(InputError, match="too many"):
        Ledger(Path("none")).give(KEY, "image_name", ["a", "b"])


def test_a_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    file = tmp_path / "private" / "key"
    key = read_or_make_key(file, may_make=True)
    assert len(key) == 64
    assert read_or_make_key(file, may_make=True) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    file.chmod(0o640)
    with pytest.raises(InputError, match="0640"):
        read_or_make_key(file, may_make=True)


def test_a_lost_or_short_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        read_or_make_key(tmp_path / "key", may_make=False)
    (tmp_path / "key").write_bytes(b"short")
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(InputError, match="5 bytes"):
        read_or_make_key(tmp_path / "key", may_make=True)


def test_a_ledger_is_read_as_it_was_written_and_a_broken_one_refused(tmp_path: Path) -> None:
    ledger = read_ledger(tmp_path / "key", KEY)
    ledger.give(KEY, "image_name", ["a"])
    ledger.sides["p"] = "Public"
    ledger.write()
    again = read_ledger(tmp_path / "key", KEY)
    assert again == ledger
    assert stat.S_IMODE(ledger.file.stat().st_mode) == 0o600
    ledger.file.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="ledger"):
        read_ledger(tmp_path / "key", KEY)
    assert read_ledger(tmp_path / "key", b"another key of 16") != ledger
