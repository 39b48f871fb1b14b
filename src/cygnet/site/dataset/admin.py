"""The organisers' view of acceptances: to be read, never changed."""

from django.contrib import admin
from django.http import HttpRequest

from cygnet.site.dataset.models import LicenceAcceptance


@admin.register(LicenceAcceptance)
class LicenceAcceptanceAdmin(admin.ModelAdmin):
    """A list without buttons."""

    list_display = ("at", "dataset", "version", "licence", "terms")
    list_filter = ("dataset", "version")

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
