"""Who asked to be told? The form of the page; whatever the address, the same is done with it.

A request writes one row and looks nothing up by the address, so that neither the answer nor its
time tells whether the address is on the list. What follows is done later, by the outbox's thread.
"""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from cygnet.site.networks import network_pseudonym
from cygnet.site.updates import consent, outbox, rules, wording
from cygnet.site.updates.models import SignUp

_SALT: Final = "cygnet.updates.form"
_OLD: Final = "This page was open for long. Please send the form once more."
_FAST: Final = "That was very fast. Please press the button once more."


class UpdatesForm(forms.Form):
    """An address, a field that stays empty, and the time at which the page was made."""

    email = forms.EmailField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={
            "required": "Enter an email address.",
            "invalid": "Enter an email address such as name@example.org.",
        },
    )
    website = forms.CharField(
        label="Leave this field empty",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    stamp = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_email(self) -> str:
        """Bring the address into its one spelling."""
        try:
            return rules.normal_address(self.cleaned_data["email"])
        except UnicodeError:
            raise forms.ValidationError(self.fields["email"].error_messages["invalid"]) from None

    def clean(self) -> dict[str, Any]:
        """Hold the time of rendering against the clock."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            said = signing.loads(
                cleaned.get("stamp", ""), salt=_SALT, max_age=rules.FORM_AT_MOST.total_seconds()
            )
        except signing.BadSignature:
            raise forms.ValidationError(_OLD) from None
        if timezone.now().timestamp() - float(said) < rules.FORM_AT_LEAST.total_seconds():
            raise forms.ValidationError(_FAST)
        return cleaned

    @property
    def is_trapped(self) -> bool:
        """Whether the field that stays empty was filled in."""
        return bool(self.cleaned_data.get("website"))


def blank_form(**given: Any) -> UpdatesForm:
    """Give the form as a page shows it, stamped with the time."""
    return UpdatesForm(initial={"stamp": new_stamp(), **given})


def new_stamp() -> str:
    """Sign the time of now."""
    stamp: str = signing.dumps(timezone.now().timestamp(), salt=_SALT)
    return stamp


def take(request: HttpRequest, email: str, site_url: str) -> bool:
    """Take down one sign-up; false where too many came from this network, or in all."""
    network = network_pseudonym(request)
    since = timezone.now() - timedelta(hours=1)
    with transaction.atomic():
        recent = SignUp.objects.filter(at__gte=since)
        if not rules.within_limits(recent.filter(network=network).count(), recent.count()):
            return False
        SignUp.objects.create(
            email=email,
            network=network,
            site_url=site_url,
            wording=wording.digest(consent.form_text()),
        )
    outbox.wake()
    return True
