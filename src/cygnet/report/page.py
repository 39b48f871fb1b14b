"""How does a page become one file? Templates, the stylesheet inlined, no request to anywhere."""

from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from cygnet import __version__
from cygnet.report import numbers


def stylesheet() -> str:
    """Give the one stylesheet, which the site serves as a file and a report carries inside."""
    return files("cygnet.report").joinpath("style.css").read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cygnet.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["count"] = numbers.format_count
    environment.filters["probability"] = numbers.format_probability
    environment.filters["duration"] = numbers.format_duration
    return environment


def render_page(template: str, **context: object) -> str:
    """Fill ``template`` with ``context``; every text is escaped, an unknown name is an error."""
    # The stylesheet is a file of this package, never a user's text.
    style = Markup(stylesheet())  # noqa: S704
    return _environment().get_template(template).render(version=__version__, style=style, **context)
