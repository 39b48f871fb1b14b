"""Which stylesheet does every page of the site use? The report's own, and the site's components.

It is one file; its name carries its hash, so that a browser may keep it for ever.
"""

from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from cygnet.durable import write_text_whole
from cygnet.report.page import stylesheet as report_stylesheet


def stylesheet() -> str:
    """Give the whole text: tokens and components of the report, then each file of ``style/``."""
    folder = files("cygnet.site").joinpath("style")
    own = sorted(
        (part for part in folder.iterdir() if part.name.endswith(".css")),
        key=lambda part: part.name,
    )
    return "\n".join([report_stylesheet(), *(part.read_text(encoding="utf-8") for part in own)])


def write_stylesheet(static: Path) -> str:
    """Write it below ``static`` where it is not there yet; give its name below ``/static/``."""
    text = stylesheet()
    name = f"cygnet/style.{sha256(text.encode()).hexdigest()[:16]}.css"
    if not (static / name).exists():
        write_text_whole(static / name, text)
    return name
