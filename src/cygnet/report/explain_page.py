"""Where do a model's numbers come from, for a reader? A page with each lesion beside its map."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cygnet.durable import write_text_whole
from cygnet.report.making import written_time
from cygnet.report.page import render_page
from cygnet.report.thumbnails import data_uri

_SIDE_PX = 448


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedImage:
    """A lesion and its map as encoded pictures, and the numbers that the map adds up to."""

    image_name: str
    picture: bytes
    heat_map: bytes
    probability: float
    logit: float
    places: float
    bias: float
    patient: float


def write_explain_page(
    path: Path, images: Sequence[ExplainedImage], *, check: str, created: datetime
) -> None:
    """Write the page; ``check`` says how the maps fared against random weights."""
    shown = [
        {
            "name": one.image_name,
            "picture": data_uri(one.picture, side_px=_SIDE_PX),
            "heat_map": data_uri(one.heat_map, side_px=_SIDE_PX),
            "probability": one.probability,
            "sum": _sum(one),
        }
        for one in images
    ]
    text = render_page(
        "explain.html.j2",
        title="Where the numbers come from",
        kind="explanation",
        contents=[("result", "What is shown"), ("images", "Images")],
        created=written_time(created),
        images=shown,
        check=check,
    )
    write_text_whole(path, text)


def _sum(one: ExplainedImage) -> str:
    parts = [f"places {_signed(one.places)}", f"bias {_signed(one.bias)}"]
    if one.patient:
        parts.append(f"age, sex and site {_signed(one.patient)}")
    return f"{', '.join(parts)}: logit {_signed(one.logit)}"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")
