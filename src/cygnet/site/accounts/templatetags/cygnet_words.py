"""How do templates write numbers and times? As the report does, and in UTC beside local time."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.template.context import RequestContext
from django.utils.html import format_html

from cygnet.report import numbers

register = template.Library()


@register.filter
def count(value: int) -> str:
    """Write a count with thin spaces."""
    return numbers.format_count(int(value))


@register.filter
def auroc(value: float | None) -> str:
    """Write an AUROC to three decimals, or a dash where there is none."""
    return "\N{EN DASH}" if value is None else f"{value:.3f}"


@register.simple_tag(takes_context=True)
def moment(context: RequestContext, when: datetime | None) -> str:
    """Write a moment to the second in UTC, and the reader's local time beside it."""
    if when is None:
        return "\N{EN DASH}"
    utc = when.astimezone(UTC)
    zone: Any = context.get("viewer_zone")
    said = f"{utc.day} {utc:%B %Y, %H:%M:%S} UTC"
    local = ""
    if zone is not None and str(zone) != "UTC":
        here = when.astimezone(zone)
        local = f" ({here.day} {here:%B, %H:%M:%S} {str(zone).split('/')[-1].replace('_', ' ')})"
    made: str = format_html('<time datetime="{}">{}</time>{}', utc.isoformat(), said, local)
    return made
