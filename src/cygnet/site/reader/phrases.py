"""In which words does the reader speak? English here; a catalogue of translations may replace them.

Every sentence that a person reads passes through :func:`say` or :func:`say_many`, in templates
through ``{% trans %}``; ``locale/reader.pot`` lists them all. No Django here, so that sentences can
be made and tested without it.
"""

import gettext as standard
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.resources import files
from pathlib import Path

DOMAIN = "reader"
CATALOGUES = Path(str(files("cygnet.site.reader").joinpath("locale")))

_spoken: ContextVar[standard.NullTranslations] = ContextVar(
    "spoken",
    default=standard.NullTranslations(),  # noqa: B039 - it has no state that changes
)


def say(text: str, /, **values: object) -> str:
    """Give ``text`` in the language spoken, its ``{names}`` filled in."""
    said = _spoken.get().gettext(text)
    return said.format(**values) if values else said


def say_many(one: str, many: str, n: int, /, **values: object) -> str:
    """Give the sentence for ``n`` things; ``{n}`` is filled in too."""
    return _spoken.get().ngettext(one, many, n).format(n=n, **values)


def plural(one: str, many: str, n: int) -> str:
    """Give the form of a sentence for ``n`` things, nothing filled in."""
    return _spoken.get().ngettext(one, many, n)


def marked(text: str) -> str:
    """Mark ``text``, which stands in a constant, for the catalogue; it is said later."""
    return text


@contextmanager
def speaking(languages: list[str]) -> Iterator[None]:
    """Speak the first of ``languages`` that has a catalogue, English where none has."""
    found = standard.translation(DOMAIN, str(CATALOGUES), languages, fallback=True)
    before = _spoken.set(found)
    try:
        yield
    finally:
        _spoken.reset(before)


@contextmanager
def speaking_by(translations: standard.NullTranslations) -> Iterator[None]:
    """Speak by ``translations`` themselves."""
    before = _spoken.set(translations)
    try:
        yield
    finally:
        _spoken.reset(before)


def accepted_languages(header: str) -> list[str]:
    """Give the languages of an ``Accept-Language`` header, the preferred first.

    >>> accepted_languages("de-AT,de;q=0.9,en;q=0.8")
    ['de_AT', 'de', 'en']
    """
    weighted = []
    for place, part in enumerate(header[:200].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        name = tag.strip().replace("-", "_")
        if not name.replace("_", "").isalnum():
            continue
        try:
            weighted.append((-float(weight or 1), place, name))
        except ValueError:
            continue
    return [name for _, _, name in sorted(weighted)]
