"""Which rows may an organiser change by hand? Those of these classes: none, or by acts alone."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class KeptRows(admin.ModelAdmin):  # type: ignore[type-arg,unused-ignore]
    """Rows that are neither added nor deleted by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        del request
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        del request, obj
        return False


class ReadRows(KeptRows):
    """Rows to be read, never changed: a list without buttons."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        del request, obj
        return False
