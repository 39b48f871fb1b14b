"""What a page answers when the memory is full."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from reader_world import answer_without_room


def test_a_page_that_finds_no_room_says_when_to_come_again(small_model: Path) -> None:
    # In a process of its own, as Django is set up once for one site.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        status, again_s = process.submit(answer_without_room, small_model).result(timeout=120)
    assert status == 503
    assert again_s >= 1
