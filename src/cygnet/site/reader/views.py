"""The first page: pictures are handed in, or a sample, or a patient of the data at hand."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse

from cygnet.curation.twin_sample import draw_sample_patient
from cygnet.site.reader.api import asked_of, state_of
from cygnet.site.reader.asked import Asked
from cygnet.site.reader.asking import About
from cygnet.site.reader.findings import model_name
from cygnet.site.reader.judging import Patient
from cygnet.site.reader.memory import MemoryFullError
from cygnet.site.reader.pages import STATIC_KINDS, render, static_file
from cygnet.site.reader.phrases import say
from cygnet.site.reader.state import State
from cygnet.site.reader.streaming import KIND, line_of, told_as_lines, wants_lines
from cygnet.site.reader.uploads import MOST_IMAGES, NO_ROOM, FileFault, Upload, own_fault


def html(page: str, status: int = 200) -> HttpResponse:
    """Answer with a page."""
    return HttpResponse(page, content_type="text/html; charset=utf-8", status=status)


async def start(request: HttpRequest) -> HttpResponse:
    """Show the first page."""
    state = state_of(request)
    return html(await state.show(_start_page, state))


def _start_page(
    state: State, asked: Asked | None = None, faults: list[FileFault] | None = None, words: str = ""
) -> str:
    """Fill the first page; what was typed stands there again, errors beside it."""
    bad = dict(asked.errors) if asked is not None else {}
    errors: list[tuple[str, str]] = list(bad.items()) + ([("", words)] if words else [])
    typed: dict[str, str] = asked.typed if asked is not None else {}
    return render(
        "start.html.j2",
        errors=errors,
        bad=bad,
        faults=faults or [],
        age=typed.get("age", ""),
        sex=typed.get("sex", ""),
        most=MOST_IMAGES,
        known=state.known.counts() if state.known is not None else [],
        model=model_name(state.reader),
    )


async def static(request: HttpRequest, name: str) -> HttpResponse:
    """Give a stylesheet or a script."""
    kind = STATIC_KINDS.get(name)
    if kind is None:
        return await not_found(request)
    return HttpResponse(static_file(name), content_type=kind)


async def read(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Read what was handed in, and go to the patient's page."""
    if request.method != "POST":
        return HttpResponseRedirect("/")
    state = state_of(request)
    asked = await asked_of(request)
    if isinstance(asked, str):
        return html(await state.show(_start_page, state, words=asked), 400)
    if asked.errors:
        if wants_lines(request.headers.get("accept", "")):
            return _lines([{"event": "refused", "message": " ".join(asked.errors.values())}])
        return html(await state.show(_start_page, state, asked), 422)
    return await _judge(request, asked.uploads, asked.about)


async def sample(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Read the drawn patient."""
    if request.method != "POST":
        return HttpResponseRedirect("/")
    drawn = await state_of(request).read(draw_sample_patient)
    uploads = [
        Upload(f"{one.image_name}.jpg", one.jpeg, one.site, one.lesion_id) for one in drawn.pictures
    ]
    return await _judge(request, uploads, About(drawn.age_years, drawn.sex), is_sample=True)


async def known(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Read a patient of the data on this machine."""
    state = state_of(request)
    if request.method != "POST" or state.known is None:
        return HttpResponseRedirect("/")
    name = request.POST.get("patient", "")
    uploads, told = await state.show(state.known.uploads, name)
    if not uploads:
        words = say("There is no such patient in the data.")
        return html(await state.show(_start_page, state, words=words), 422)
    return await _judge(request, uploads, told)


async def _judge(
    request: HttpRequest, uploads: list[Upload], about: About, *, is_sample: bool = False
) -> HttpResponse | StreamingHttpResponse:
    """Read, keep in memory and lead to the page; told line by line where that is asked for."""
    state = state_of(request)
    work = partial(state.reader.read, uploads, about)
    if wants_lines(request.headers.get("accept", "")):
        lines = told_as_lines(state, work, partial(_last_line, state))
        return StreamingHttpResponse(lines, content_type=KIND)
    patient = await state.read(work)
    patient.is_sample = is_sample
    if not patient.lesions:
        page = await state.show(_start_page, state, faults=patient.faults)
        return html(page, 422)
    try:
        key = state.memory.keep(patient, patient.n_bytes)
    except MemoryFullError:
        faults = [own_fault(NO_ROOM, one.picture.name) for one in patient.lesions[:1]]
        return html(await state.show(_start_page, state, faults=faults), 503)
    return HttpResponseRedirect(f"/patients/{key}/", status=303)


def _last_line(state: State, patient: Patient) -> str:
    """Say where the page is, or why there is none."""
    if not patient.lesions:
        faults = [f"{one.name}: {one.rule} {one.remedy}" for one in patient.faults]
        return line_of({"event": "refused", "message": " ".join(faults[:5])})
    try:
        key = state.memory.keep(patient, patient.n_bytes)
    except MemoryFullError:
        return line_of({"event": "refused", "message": own_fault(NO_ROOM, "").rule})
    return line_of({"event": "kept", "location": f"/patients/{key}/"})


def _lines(documents: list[dict[str, object]]) -> HttpResponse:
    return HttpResponse("".join(line_of(one) + "\n" for one in documents), content_type=KIND)


async def not_found(request: HttpRequest) -> HttpResponse:
    """Say that there is nothing here, and where to go on."""
    return no_such_page(request)


def no_such_page(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Say the same of an address that the reader does not have; Django asks for no coroutine."""
    del request, exception
    words = say("There is nothing here: the address is wrong, or the patient is gone.")
    return html(_message_page(words), 404)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Say that a request cannot be read."""
    del request, exception
    return html(_message_page(say("This request cannot be read.")), 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something went wrong here, and nothing of what it was about."""
    del request
    return html(_message_page(say("Something went wrong in the reader. Try again.")), 500)


def _message_page(words: str) -> str:
    return render("message.html.j2", words=words)
