"""How does another page carry the form for updates? A section, and the link to it."""

from typing import Any

from django import template
from django.template.context import RequestContext
from django.utils.safestring import SafeString, mark_safe

from cygnet.site.updates import asking, consent

register = template.Library()


@register.simple_tag
def updates_link() -> SafeString:
    """Give the entry of a page's contents."""
    return mark_safe('<li><a href="#updates">Notify me about updates</a></li>')


@register.inclusion_tag("updates/section.html", takes_context=True)
def updates_section(context: RequestContext) -> dict[str, Any]:
    """Give the section with the form."""
    return {
        "csrf_token": context.get("csrf_token"),
        "form": asking.blank_form(),
        "wording": consent.form_text(),
    }
