"""The organisers' view of acceptances: to be read, never changed."""

from django.contrib import admin

from cygnet.site.admin_rows import ReadRows
from cygnet.site.dataset.models import LicenceAcceptance


@admin.register(LicenceAcceptance)
class LicenceAcceptanceAdmin(ReadRows):
    """A list without buttons."""

    list_display = ("at", "dataset", "version", "licence", "terms")
    list_filter = ("dataset", "version")
