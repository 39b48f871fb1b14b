"""What does a person agree to, and what do the mails say? Every word of it, in one place."""

from hashlib import sha256
from typing import Final

FORM: Final = (
    "Tell me by email about updates of {title}: new versions, errata, and dates. I can leave at any"
    " time by the link in every mail."
)
CONFIRM: Final = "Yes, send me updates of {title} to the address that this link was sent to."

CONFIRMATION_SUBJECT: Final = "Please confirm: updates of {title}"
CONFIRMATION: Final = """\
Somebody, probably you, asked to be told about updates of {title} at this address.

To confirm, open this page within {days} days and press its button:

{confirm}

If it was not you, do nothing: nothing more will be sent, and the address is deleted
after {days} days.
"""

ANNOUNCEMENT: Final = """\
{text}

--
You asked to be told about updates of {title}.
To leave: {unsubscribe}
What is kept of you, and how to have it deleted: {mine}
"""


def digest(text: str) -> str:
    """Give the SHA-256 of a wording, under which the record of consent names it."""
    return sha256(text.encode()).hexdigest()
