"""What is kept, how much, and for how long."""

import pytest

from cygnet.site.reader.memory import Memory, MemoryFullError


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_patient_is_found_by_a_key_that_cannot_be_guessed() -> None:
    memory: Memory[str] = Memory(100)
    one, other = memory.keep("a", 1), memory.keep("b", 1)
    assert one != other
    assert len(one) >= 20
    assert memory.look(one) == "a"
    assert memory.look("x" * 22) is None


def test_a_patient_is_gone_fifteen_minutes_after_the_last_look() -> None:
    clock = Clock()
    memory: Memory[str] = Memory(100, clock=clock)
    key = memory.keep("a", 60)
    clock.now = 14 * 60
    assert memory.look(key) == "a"
    clock.now = 28 * 60
    assert memory.look(key) == "a"
    clock.now = 43 * 60 + 1
    assert memory.look(key) is None
    assert memory.used_bytes == 0


def test_a_patient_is_gone_with_the_page_unless_another_opens_at_once() -> None:
    clock = Clock()
    memory: Memory[str] = Memory(100, clock=clock)
    key = memory.keep("a", 1)
    memory.leave(key)
    clock.now = 5
    assert memory.look(key) == "a"
    clock.now = 300
    assert memory.look(key) == "a"
    memory.leave(key)
    clock.now = 311
    assert memory.look(key) is None


def test_more_than_the_limit_is_refused_and_nobody_is_pushed_out() -> None:
    memory: Memory[str] = Memory(100)
    key = memory.keep("a", 60)
    with pytest.raises(MemoryFullError):
        memory.keep("b", 41)
    with pytest.raises(MemoryFullError):
        memory.grow(key, 41)
    assert memory.look(key) == "a"
    memory.forget(key)
    assert memory.look(memory.keep("b", 100)) == "b"


def test_bodies_on_their_way_count_and_are_given_back() -> None:
    memory: Memory[str] = Memory(100)
    with memory.reserved(80):
        assert memory.used_bytes == 80
        with pytest.raises(MemoryFullError), memory.reserved(21):
            raise AssertionError("it was let in")
    assert memory.used_bytes == 0
    memory.keep("a", 90)
    with pytest.raises(MemoryFullError), memory.reserved(11):
        raise AssertionError("it was let in")


def test_what_a_patient_grew_by_goes_with_the_patient() -> None:
    memory: Memory[str] = Memory(100)
    key = memory.keep("a", 10)
    memory.grow(key, 30)
    assert memory.used_bytes == 40
    memory.forget(key)
    assert memory.used_bytes == 0
    assert len(memory) == 0
