"""The page of one lesion: zoom, heat, its place, an earlier picture; and two side by side."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from markupsafe import Markup, escape

from cygnet.report import numbers
from cygnet.site.reader.api import asked_of, state_of
from cygnet.site.reader.body import outline
from cygnet.site.reader.judging import Lesion, Patient
from cygnet.site.reader.memory import MemoryFullError
from cygnet.site.reader.moves_words import why_moved
from cygnet.site.reader.pages import render
from cygnet.site.reader.phrases import say
from cygnet.site.reader.pictures import SIDES_PX, copy_pixels, heat_png, picture_jpeg
from cygnet.site.reader.places import PLACE_BY_KEY, PLACES
from cygnet.site.reader.registration import registration
from cygnet.site.reader.showing import picture_link
from cygnet.site.reader.state import State
from cygnet.site.reader.together import Reading, read_together
from cygnet.site.reader.uploads import NO_ROOM, own_fault
from cygnet.site.reader.views import html, not_found
from cygnet.site.reader.views_of_patient import common

# Python refuses to read a number of thousands of digits.
_MOST_DIGITS = 4

Errors = list[tuple[str, str]]


def _found(request: HttpRequest, key: str, number: int) -> tuple[Patient, Lesion] | None:
    patient = state_of(request).memory.look(key)
    if patient is None or not 1 <= number <= len(patient.lesions):
        return None
    return patient, patient.lesions[number - 1]


async def lesion(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Show one lesion."""
    state = state_of(request)
    found = _found(request, key, number)
    if found is None:
        return await not_found(request)
    # Its heat map is the model's work.
    return html(await state.read(_page, state, found[0], key, number - 1))


def _page(state: State, patient: Patient, key: str, at: int, errors: Errors | None = None) -> str:
    filled = common(state, patient, key)
    reading: Reading = filled["reading"]
    order = next(i for i, one in enumerate(reading.lesions) if one.at == at)
    one = reading.lesions[order]
    moved = why_moved(reading.moves, order) if reading.moves is not None else ""
    drawn = state.reader.heat(patient, one.lesion)
    return render(
        "lesion.html.j2",
        one=one,
        moved=moved if one.place is not None else "",
        n_ranked=len(reading.ranked),
        has_maps=state.reader.model.has_maps,
        heat=drawn is not None and bool(drawn.max() > 0),
        ratio=_ratio(one.lesion),
        places=PLACES,
        # Lines drawn here, of no text.
        outlines={view: Markup(outline(view)) for view in ("front", "back")},  # noqa: S704
        errors=errors or [],
        **filled,
    )


def _ratio(lesion: Lesion) -> str:
    return f"{lesion.picture.width_px / lesion.picture.height_px:.5f}"


async def place(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Set where a lesion is on the body."""
    state = state_of(request)
    found = _found(request, key, number)
    if found is None:
        return await not_found(request)
    wanted = request.POST.get("place", "")
    if request.method == "POST" and (wanted == "" or wanted in PLACE_BY_KEY):
        before = found[1].site
        found[1].place = wanted or None
        if found[1].site != before:
            await state.read(state.reader.told_anew, found[0], found[0].about)
    return HttpResponseRedirect(f"/patients/{key}/lesions/{number}/#place-title", status=303)


async def earlier(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Add an earlier picture of a lesion."""
    state = state_of(request)
    found = _found(request, key, number)
    if found is None:
        return await not_found(request)
    patient, one = found
    asked = await asked_of(request)
    if isinstance(asked, str):
        return await _again(state, patient, key, number, asked)
    if "images" in asked.errors:
        return await _again(state, patient, key, number, asked.errors["images"])
    read = await state.read(state.reader.read, asked.uploads[:1], patient.about)
    if not read.lesions:
        fault = read.faults[0]
        words = f"{fault.name}: {fault.rule} {fault.remedy}"
        return await _again(state, patient, key, number, words)
    try:
        state.memory.grow(key, read.n_bytes)
    except MemoryFullError:
        fault = own_fault(NO_ROOM, asked.uploads[0].name)
        return await _again(state, patient, key, number, f"{fault.rule} {fault.remedy}")
    one.earlier = read.lesions[0]
    link = f"/patients/{key}/compare?a={number}e&b={number}"
    return HttpResponseRedirect(link, status=303)


async def _again(state: State, patient: Patient, key: str, number: int, words: str) -> HttpResponse:
    page = await state.read(_page, state, patient, key, number - 1, [("images", words)])
    return html(page, 422)


async def picture(request: HttpRequest, key: str, number: int, which: str) -> HttpResponse:
    """Give a picture, whole or small; nothing of its file but pixels."""
    state = state_of(request)
    found = _found(request, key, number)
    one = None if found is None else found[1] if which == "picture" else found[1].earlier
    if one is None or which not in {"picture", "earlier"}:
        return await not_found(request)
    asked = request.GET.get("side", "")
    side = int(asked) if asked in {str(one) for one in SIDES_PX} else None
    data = await state.show(picture_jpeg, one.picture, side)
    return HttpResponse(data, content_type="image/jpeg")


async def heat(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Give the heat map, to lie over the picture."""
    state = state_of(request)
    found = _found(request, key, number)
    drawn = None if found is None else await state.read(state.reader.heat, *found)
    if found is None or drawn is None:
        return await not_found(request)
    data = await state.show(heat_png, drawn, found[1].picture, state.reader.model.geometry)
    return HttpResponse(data, content_type="image/png")


@dataclass(frozen=True, slots=True)
class _Side:
    title: str
    lesion: Lesion
    link: str
    ratio: str
    numbers: Markup


async def compare(request: HttpRequest, key: str) -> HttpResponse:
    """Show two lesions, or one at two dates, side by side."""
    state = state_of(request)
    patient = state.memory.look(key)
    chosen = [request.GET.get(name, "") for name in ("a", "b")]
    if patient is None or not all(_is_side(patient, one) for one in chosen):
        return await not_found(request)
    return html(await state.show(_compared, state, patient, key, chosen))


def _is_side(patient: Patient, name: str) -> bool:
    number = name.removesuffix("e")
    if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS):
        return False
    if not 1 <= int(number) <= len(patient.lesions):
        return False
    return number == name or patient.lesions[int(number) - 1].earlier is not None


def _compared(state: State, patient: Patient, key: str, chosen: list[str]) -> str:
    reading = read_together(patient, state.reader)
    sides = [_side(reading, key, name) for name in chosen]
    same = chosen[0].removesuffix("e") == chosen[1].removesuffix("e")
    first, second = (copy_pixels(one.lesion.picture) for one in sides)
    found = registration(first, second) if same else None
    if found is not None:
        told = say(
            "Both zoom and move together, the second laid over the first by {n} places that agree.",
            n=found.n_agreeing,
        )
    elif same:
        told = say(
            "Both zoom and move together by their middles: too few places agree to lay one over"
            " the other."
        )
    else:
        told = say("Both zoom and move together by their middles.")
    return render(
        "compare.html.j2",
        sides=sides,
        told=told,
        matrix="" if found is None else " ".join(f"{one:.6f}" for one in found.matrix),
        key=key,
        reading=reading,
    )


def _side(reading: Reading, key: str, name: str) -> _Side:
    is_earlier = name.endswith("e")
    at = int(name.removesuffix("e")) - 1
    judged = next(one for one in reading.lesions if one.at == at)
    shown: Any = judged.lesion.earlier if is_earlier else judged.lesion
    title = say("Lesion {number}", number=judged.number)
    if is_earlier:
        title = say("Lesion {number}, earlier", number=judged.number)
    number = ""
    if not shown.is_withheld:
        score = numbers.format_probability(shown.probability)
        number = say("Probability alone {probability}.", probability=score)
    link = picture_link(key, at, earlier=is_earlier)
    return _Side(title, shown, link, _ratio(shown), Markup("<p>{}</p>").format(escape(number)))
