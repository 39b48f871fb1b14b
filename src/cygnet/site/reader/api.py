"""The same as the pages, for programs: ``POST /v1/read`` and its OpenAPI document. Keeps none."""

from functools import partial
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFilesSent
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError

from cygnet.site.reader.answers import ResultShape, answer_of
from cygnet.site.reader.asked import Asked, read_asked
from cygnet.site.reader.judging import Patient
from cygnet.site.reader.openapi import document
from cygnet.site.reader.phrases import say
from cygnet.site.reader.state import State
from cygnet.site.reader.streaming import KIND, told_as_lines, wants_lines
from cygnet.site.reader.together import read_together

UNREADABLE = (BadRequest, MultiPartParserError, RequestDataTooBig, TooManyFilesSent, ValueError)


def state_of(request: HttpRequest) -> State:
    """Give what the door handed on."""
    found: State = request.scope["cygnet"]
    return found


async def asked_of(request: HttpRequest) -> Asked | str:
    """Read a request's form off the event loop; a sentence where it is none."""
    try:
        return await state_of(request).show(read_asked, request)
    except UNREADABLE:
        return say("The form cannot be read, or it holds too many files.")


async def read(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Read pictures and answer, at once or line by line."""
    if request.method != "POST":
        return _errors([(None, say("Send pictures with POST."))], 405)
    if not (request.content_type or "").startswith("multipart/form-data"):
        return _errors([(None, say("Send a form as multipart/form-data."))], 415)
    asked = await asked_of(request)
    if isinstance(asked, str):
        return _errors([(None, asked)], 400)
    if asked.errors:
        return _errors(list(asked.errors.items()), 422)
    state = state_of(request)
    work = partial(state.reader.read, asked.uploads, asked.about)
    if wants_lines(request.headers.get("accept", "")):
        lines = told_as_lines(state, work, partial(_result, state))
        return StreamingHttpResponse(lines, content_type=KIND)
    patient = await state.read(work)
    body = await state.show(_answer, state, patient)
    status = 200 if patient.lesions else 422
    return HttpResponse(body, content_type="application/json", status=status)


def _answer(state: State, patient: Patient) -> str:
    reading = read_together(patient, state.reader)
    return answer_of(patient, reading, state.reader).model_dump_json()


def _result(state: State, patient: Patient) -> str:
    reading = read_together(patient, state.reader)
    shape = ResultShape(result=answer_of(patient, reading, state.reader))
    return shape.model_dump_json()


async def openapi(request: HttpRequest) -> HttpResponse:
    """Give the OpenAPI document."""
    if request.method not in {"GET", "HEAD"}:
        return _errors([(None, say("Ask for this with GET."))], 405)
    return JsonResponse(document())


def _errors(errors: list[tuple[str | None, str]], status: int) -> JsonResponse:
    listed: list[dict[str, Any]] = [{"message": words, "field": name} for name, words in errors]
    return JsonResponse({"errors": listed}, status=status)
