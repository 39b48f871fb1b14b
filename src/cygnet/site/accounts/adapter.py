"""How does allauth meet this site? Its mail goes into the outbox; redirects stay on the site."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as here
from django.contrib.sites.shortcuts import get_current_site

# An address that nobody has is written to by nobody; the answer must not tell it by its time.
UNKNOWN = "account/email/unknown_account"


class AccountAdapter(DefaultAccountAdapter):
    """The house's ways with accounts."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write a mail and leave it to the outbox: no visitor waits for a mail server."""
        from cygnet.site.updates.models import Mail
        from cygnet.site.updates.posting import Words, post

        request = here.request
        words = {"request": request, "email": email, "current_site": get_current_site(request)}
        mail = self.render_mail(template_prefix, email, words | context)
        to = "" if template_prefix == UNKNOWN else email
        post(to, Words(Mail.Kind.ACCOUNT, str(mail.subject), str(mail.body)))
