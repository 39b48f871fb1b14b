"""What may organisers do with accounts? Look, name organisers, close an account."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from cygnet.site.accounts.models import User

admin.site.site_header = "Organisers"
admin.site.site_title = "Organisers"
admin.site.index_title = "The contest"


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg,unused-ignore]
    """People."""

    list_display = ("email", "name", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = ("email", "name", "is_active", "is_staff", "date_joined", "last_login")
    readonly_fields: ClassVar[tuple[str, ...]] = ("email", "date_joined", "last_login")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People sign up, or are made by ``cygnet challenge user``."""
        del request
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Close an account instead: its submissions stay whose they are."""
        del request, obj
        return False
