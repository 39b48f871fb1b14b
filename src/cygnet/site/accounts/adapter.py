"""How does allauth meet this site? Mail that cannot leave is said; redirects stay on the site."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter

from cygnet.site.faults import NotNowError

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """The house's ways with accounts."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail, or say that it cannot be sent now."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            log.exception("mail could not be handed over")
            raise NotNowError(
                "The mail that this needs cannot be sent at the moment. Nothing was changed;"
                " please try again in some minutes.",
                retry_after_s=300,
            ) from error
