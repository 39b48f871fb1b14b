"""What may organisers do with accounts? Look, name organisers, close an account."""

from typing import Any, ClassVar

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.dispatch import Signal
from django.http import HttpRequest

from cygnet.site.accounts.models import User
from cygnet.site.admin_rows import KeptRows

# Sent with ``user``, ``by`` and ``changes`` when an organiser changes an account.
changed = Signal()

admin.site.site_header = "Organisers"
admin.site.site_title = "Organisers"
admin.site.index_title = "The contest"
# One way in for all: with its second factor, and its limits on guesses.
admin.site.login = secure_admin_login(admin.site.login)


# Groups are not used; whose second factor is which is nobody's business; addresses are verified by
# their owners, not by hand.
for _model in (Group, Authenticator, EmailAddress):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(KeptRows):
    """People: they sign up, or ``cygnet challenge user`` makes them; closed, never deleted."""

    list_display = ("email", "name", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = ("email", "name", "is_active", "is_staff", "date_joined", "last_login")
    readonly_fields: ClassVar[tuple[str, ...]] = ("email", "date_joined", "last_login")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Keep the change and tell of it, in one transaction of the admin's."""
        # Organisers are alike: the admin's own permissions are not dealt out one by one.
        obj.is_superuser = obj.is_staff
        super().save_model(request, obj, form, change)
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        changed.send(User, user=obj, by=request.user, changes=changes)
