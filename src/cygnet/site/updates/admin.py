"""The organisers' view of updates: how many, and what was sent. Nothing here is changed by hand."""

from django.contrib import admin

from cygnet.site.admin_rows import ReadRows
from cygnet.site.updates.models import Announcement, ConsentEvent, Letter, Mail


@admin.register(Announcement)
class AnnouncementAdmin(ReadRows):
    """What was announced."""

    list_display = ("at", "subject")


@admin.register(Letter)
class LetterAdmin(ReadRows):
    """What was sent, without addresses."""

    list_display = ("changed_at", "announcement", "state", "attempts", "reply")
    list_filter = ("state", "announcement")
    fields = ("announcement", "state", "attempts", "not_before", "changed_at", "reply")


@admin.register(Mail)
class MailAdmin(ReadRows):
    """What was written to people of the challenge, without addresses and words."""

    list_display = ("changed_at", "kind", "subject", "state", "attempts", "reply")
    list_filter = ("kind", "state")
    fields = ("kind", "subject", "state", "attempts", "not_before", "changed_at", "reply")


@admin.register(ConsentEvent)
class ConsentEventAdmin(ReadRows):
    """The record of consent."""

    list_display = ("at", "pseudonym", "kind", "detail")
    list_filter = ("kind",)
