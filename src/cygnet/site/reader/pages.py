"""How does a reading become a page? Templates of the reader and components of the report, filled.

Every text passes through the catalogue, every value is escaped; a page asks for nothing from
another host and carries no script inside.
"""

from functools import cache
from importlib.resources import files

import jinja2

from cygnet import __version__
from cygnet.report import numbers
from cygnet.report.page import stylesheet
from cygnet.site.reader.findings import NO_ADVICE, RESEARCH_USE
from cygnet.site.reader.phrases import say, say_many

STATIC_KINDS = {
    "reader.css": "text/css; charset=utf-8",
    "reader.js": "text/javascript; charset=utf-8",
    "zoom.js": "text/javascript; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
}


def static_file(name: str) -> bytes:
    """Give one of the files of ``STATIC_KINDS``; the stylesheet is the report's own."""
    if name == "style.css":
        return stylesheet().encode()
    return files("cygnet.site.reader").joinpath("static", name).read_bytes()


@cache
def environment() -> jinja2.Environment:
    """Give the environment of all templates."""
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.PackageLoader("cygnet.site.reader", "templates"),
                jinja2.PackageLoader("cygnet.report", "templates"),
            ]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(_gettext, _ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters["count"] = numbers.format_count
    made.filters["probability"] = numbers.format_probability
    made.filters["share"] = numbers.format_share
    return made


def _gettext(text: str) -> str:
    return say(text)


def _ngettext(one: str, many: str, n: int) -> str:
    # The template fills in ``%(n)s`` by itself.
    from cygnet.site.reader.phrases import plural

    return plural(one, many, n)


def render(template: str, **context: object) -> str:
    """Fill ``template``; an unknown name is an error."""
    said = {
        "version": __version__,
        "research_use": say(RESEARCH_USE).rstrip("."),
        "no_advice": say(NO_ADVICE),
        "say": say,
        "say_many": say_many,
    }
    return environment().get_template(template).render(**said, **context)
