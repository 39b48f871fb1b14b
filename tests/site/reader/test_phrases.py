"""Is every sentence of the reader ready to be translated?"""

import gettext
import re
from html.parser import HTMLParser

import pytest

from cygnet.site.reader.asking import About
from cygnet.site.reader.judging import Patient, Reader
from cygnet.site.reader.memory import Memory
from cygnet.site.reader.phrases import accepted_languages, say, say_many, speaking_by
from cygnet.site.reader.uploads import Upload
from reader_catalogue import POT, catalogue
from reader_world import lesion_jpeg


class Bracketed(gettext.NullTranslations):
    """A language in which every sentence stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"\u27e6{message}\u27e7"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"\u27e6{msgid1 if n == 1 else msgid2}\u27e7"


class Texts(HTMLParser):
    """Gathers what a person reads or hears, leaving out data in monospace and numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag in {
            "img",
            "input",
            "meta",
            "link",
            "path",
            "br",
            "circle",
            "rect",
            "use",
            "image",
            "line",
        }:
            silent = None
        else:
            silent = tag in {"script", "style"} or "mono" in (named.get("class") or "")
            self._open.append(silent)
            self._silent += silent
        self.found += [
            value for name, value in attrs if name in {"aria-label", "alt", "title"} and value
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag, attrs

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._silent -= self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent and re.search("[a-z]{3}", data):
            self.found.append(data.strip())


_NAMES = re.compile(r"Cygnet( [\d.]+| model, recipe \w+, \d folds?\.?)?|FHIR R4|DICOM SR|px")


def _unspoken(page: str) -> list[str]:
    texts = Texts()
    texts.feed(page)
    assert len(texts.found) > 10
    left = []
    for text in texts.found:
        # Brackets may stand in one another, where a sentence is filled into another.
        rest = text
        while (less := re.sub("\u27e6[^\u27e6\u27e7]*\u27e7", "", rest)) != rest:
            rest = less
        if re.search("[A-Za-z]{3}", _NAMES.sub("", rest)):
            left.append(text)
    return left


def test_the_catalogue_is_the_one_that_the_sources_make() -> None:
    assert POT.read_text(encoding="utf-8") == catalogue(), "run python tests/reader_catalogue.py"


@pytest.fixture(scope="module")
def patient(reader: Reader) -> Patient:
    with speaking_by(Bracketed()):
        given = [Upload(f"{at}.jpg", lesion_jpeg(at)) for at in range(4)]
        found = reader.read([*given, Upload("x", b"")], About(50, "male"))
    found.lesions[0].place = "front-face"
    return found


@pytest.mark.parametrize("name", ["start", "patient", "lesion", "sheet", "compare"])
def test_every_text_of_a_page_passes_through_the_catalogue(
    name: str, patient: Patient, reader: Reader
) -> None:
    from cygnet.site.reader import views, views_of_lesion, views_of_patient

    class Held:
        known = None
        memory: Memory[Patient] = Memory()

    Held.reader = reader  # type: ignore[attr-defined]
    state = Held()
    pages = {
        "start": lambda: views._start_page(state, words=say("Try again.")),  # type: ignore[arg-type]
        "patient": lambda: views_of_patient._page(state, patient, "k"),  # type: ignore[arg-type]
        "lesion": lambda: views_of_lesion._page(state, patient, "k", 0),  # type: ignore[arg-type]
        "sheet": lambda: views_of_patient._sheet(state, patient, "k"),  # type: ignore[arg-type]
        "compare": lambda: views_of_lesion._compared(state, patient, "k", ["1", "2"]),  # type: ignore[arg-type]
    }
    with speaking_by(Bracketed()):
        page = pages[name]()
    assert _unspoken(page) == []


def test_a_sentence_is_said_in_the_language_spoken() -> None:
    assert say("Lesion {number}", number=3) == "Lesion 3"
    with speaking_by(Bracketed()):
        assert say("Lesion {number}", number=3) == "\u27e6Lesion 3\u27e7"
        assert say_many("{n} lesion", "{n} lesions", 2) == "\u27e62 lesions\u27e7"


def test_a_header_of_languages_is_read_by_weight_and_nonsense_is_left_out() -> None:
    assert accepted_languages("en;q=0.5, de;q=0.9, ../x, fr;q=z") == ["de", "en"]
    assert accepted_languages("") == []
