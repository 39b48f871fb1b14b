"""What do the forms of accounts do beside allauth's own? Nothing that tells who has an account."""

from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest


class SignupForm(AllauthSignupForm):
    """Sign up."""

    def try_save(self, request: HttpRequest) -> Any:
        """Make the account; for an address that has one, take the time that making takes."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)
