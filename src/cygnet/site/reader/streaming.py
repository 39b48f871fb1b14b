"""How is a long reading told while it goes on? One line of JSON a file, thread to wire."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from cygnet.site.reader.answers import progress_of
from cygnet.site.reader.judging import Patient, Step
from cygnet.site.reader.state import State

KIND = "application/x-ndjson"

Tell = Callable[[Step], None]
Made = TypeVar("Made")


def wants_lines(accept: str) -> bool:
    """Say whether a request asks for lines."""
    return KIND in accept


async def told_as_lines(
    state: State, work: Callable[[Tell], Patient], last: Callable[[Patient], str]
) -> AsyncIterator[bytes]:
    """Do ``work`` in the reading pool; yield a line a step, and the one that ``last`` makes."""
    loop = asyncio.get_running_loop()
    steps: asyncio.Queue[Step | None] = asyncio.Queue()

    def tell(step: Step) -> None:
        loop.call_soon_threadsafe(steps.put_nowait, step)

    def done(_: object) -> None:
        steps.put_nowait(None)

    working = asyncio.ensure_future(state.read(work, tell))
    working.add_done_callback(done)
    try:
        while (step := await steps.get()) is not None:
            yield line(progress_of(step).model_dump_json())
        patient = await working
    finally:
        # Who goes away takes work that has not begun with him, and with it what he handed in.
        working.cancel()
    yield line(await state.show(last, patient))


def line(document: str) -> bytes:
    """End one document as a line; JSON of pydantic has no line feed inside."""
    return document.encode() + b"\n"


def line_of(document: dict[str, object]) -> str:
    """Write a document on one line."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False)
