"""The organisers' view of updates: how many, and what was sent. Nothing here is changed by hand."""

from django.contrib import admin
from django.http import HttpRequest

from cygnet.site.updates.models import Announcement, ConsentEvent, Letter, Mail


class _ReadOnly(admin.ModelAdmin):
    """A list without buttons."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Refuse."""
        del request, obj
        return False


@admin.register(Announcement)
class AnnouncementAdmin(_ReadOnly):
    """What was announced."""

    list_display = ("at", "subject")


@admin.register(Letter)
class LetterAdmin(_ReadOnly):
    """What was sent, without addresses."""

    list_display = ("changed_at", "announcement", "state", "attempts", "reply")
    list_filter = ("state", "announcement")
    fields = ("announcement", "state", "attempts", "not_before", "changed_at", "reply")


@admin.register(Mail)
class MailAdmin(_ReadOnly):
    """What was written to people of the challenge, without addresses and words."""

    list_display = ("changed_at", "kind", "subject", "state", "attempts", "reply")
    list_filter = ("kind", "state")
    fields = ("kind", "subject", "state", "attempts", "not_before", "changed_at", "reply")


@admin.register(ConsentEvent)
class ConsentEventAdmin(_ReadOnly):
    """The record of consent."""

    list_display = ("at", "pseudonym", "kind", "detail")
    list_filter = ("kind",)
