"""The page of one patient: order, cautions, map, moves, body, table; and its print."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from cygnet.report import numbers
from cygnet.site.reader.api import state_of
from cygnet.site.reader.asked import FieldError, read_about
from cygnet.site.reader.findings import findings_of, model_name, table_of
from cygnet.site.reader.frequencies import read_prevalence
from cygnet.site.reader.judging import Patient
from cygnet.site.reader.pages import render
from cygnet.site.reader.phrases import say
from cygnet.site.reader.places import PLACE_BY_KEY
from cygnet.site.reader.showing import together_of
from cygnet.site.reader.state import State
from cygnet.site.reader.together import Judged, read_together
from cygnet.site.reader.views import html, not_found

Errors = list[tuple[str, str]]


async def patient(request: HttpRequest, key: str) -> HttpResponse:
    """Show a patient."""
    state = state_of(request)
    found = state.memory.look(key)
    if found is None:
        return await not_found(request)
    return html(await state.show(_page, state, found, key))


def where(one: Judged) -> str:
    """Say where a lesion is: its place on the body, or its site."""
    place = PLACE_BY_KEY.get(one.lesion.place or "")
    return say(place.label) if place is not None else say(one.lesion.site or "")


def about_words(patient: Patient) -> str:
    """Say what is told of the patient, and of nothing else."""
    age, sex = patient.about.age_years, patient.about.sex
    said = [say("{years} years", years=f"{age:g}")] if age is not None else [say("age not told")]
    said.append(say(sex) if sex is not None else say("sex not told"))
    return ", ".join(said)


def common(state: State, patient: Patient, key: str) -> dict[str, Any]:
    """Give what every page of a patient fills in."""
    return {
        "key": key,
        "reading": read_together(patient, state.reader),
        "about": about_words(patient),
        "sample": patient.is_sample,
        "faults": patient.faults,
        "model": model_name(state.reader),
        "where": where,
    }


def _page(
    state: State,
    patient: Patient,
    key: str,
    errors: Errors | None = None,
    typed: dict[str, str] | None = None,
) -> str:
    filled = common(state, patient, key)
    age, prevalence = patient.about.age_years, patient.prevalence
    known = {
        "age": "" if age is None else f"{age:g}",
        "sex": patient.about.sex or "",
        "prevalence": "" if prevalence is None else numbers.format_number(100 * prevalence),
    }
    findings = findings_of(patient, filled["reading"], state.reader)
    return render(
        "patient.html.j2",
        together=together_of(filled["reading"], key),
        table=table_of(findings),
        errors=errors or [],
        **known | (typed or {}),
        **filled,
    )


async def about(request: HttpRequest, key: str) -> HttpResponse:
    """Take prevalence, age and sex as set on the page."""
    state = state_of(request)
    found = state.memory.look(key)
    if found is None:
        return await not_found(request)
    if request.method != "POST":
        return HttpResponseRedirect(f"/patients/{key}/")
    typed = {name: request.POST.get(name, "")[:40] for name in ("age", "sex", "prevalence")}
    errors: Errors = []
    told, wanted = found.about, found.prevalence
    try:
        told = read_about(typed["age"], typed["sex"])
    except FieldError as error:
        errors.append((error.field, error.words))
    try:
        wanted = read_prevalence(typed["prevalence"])
    except ValueError as error:
        errors.append(("prevalence", str(error)))
    if errors:
        return html(await state.show(_page, state, found, key, errors, typed), 422)
    if told != found.about:
        await state.read(state.reader.told_anew, found, told)
    found.prevalence = wanted
    return HttpResponseRedirect(f"/patients/{key}/", status=303)


async def sheet(request: HttpRequest, key: str) -> HttpResponse:
    """Show the one page to print."""
    state = state_of(request)
    found = state.memory.look(key)
    if found is None:
        return await not_found(request)
    return html(await state.show(_sheet, state, found, key))


def _sheet(state: State, patient: Patient, key: str) -> str:
    return render("print.html.j2", **common(state, patient, key))


async def forget(request: HttpRequest, key: str) -> HttpResponse:
    """Let a patient go now."""
    if request.method == "POST":
        state_of(request).memory.forget(key)
    return HttpResponseRedirect("/", status=303)


async def leave(request: HttpRequest, key: str) -> HttpResponse:
    """Note that the page was left."""
    if request.method == "POST":
        state_of(request).memory.leave(key)
    return HttpResponse(status=204)


async def stay(request: HttpRequest, key: str) -> HttpResponse:
    """Note that the page is looked at again; 404 where the patient is gone."""
    found = state_of(request).memory.look(key)
    return HttpResponse(status=404 if found is None else 204)
