"""What a page answers when the memory is full."""

import asyncio
from types import SimpleNamespace
from typing import Any

from cygnet.site.reader import views
from cygnet.site.reader.asking import About
from cygnet.site.reader.judging import Reader
from cygnet.site.reader.memory import Memory
from cygnet.site.reader.settings import set_up
from cygnet.site.reader.state import Admission, State
from cygnet.site.reader.uploads import Upload
from reader_world import lesion_jpeg


def test_a_page_that_finds_no_room_says_when_to_come_again(reader: Reader) -> None:
    set_up()
    state = State(reader, Admission.of("127.0.0.1"), memory=Memory(10))
    request: Any = SimpleNamespace(scope={"cygnet": state}, headers={})
    uploads = [Upload("one.jpg", lesion_jpeg(1))]
    answer = asyncio.run(views._judge(request, uploads, About()))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    state.reading.shutdown()
    state.showing.shutdown()
