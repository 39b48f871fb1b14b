"""What must not stand in a log? Invitations, confirmations and tokens in the addresses of pages."""

import logging
import re
from typing import Final

# As long as a token, and no identifier: those open nothing.
_SECRET: Final = re.compile(r"(?<=/)(?![0-9a-f-]{36}(?:/|$))[\w:.~=-]{20,}")


def without_secrets(text: str) -> str:
    """Take out of an address what opens something.

    >>> without_secrets("/challenge/team/join/sXr7pAmjrUJNe_inLYZARsezF0aoKIAJ/")
    '/challenge/team/join/(secret)/'
    >>> without_secrets("/challenge/submissions/fbb8dfe7-6da7-48a3-a47c-a48a0567f2a3/")
    '/challenge/submissions/fbb8dfe7-6da7-48a3-a47c-a48a0567f2a3/'
    """
    return _SECRET.sub("(secret)", text)


class WithoutSecrets(logging.Filter):
    """Lets every record pass, its texts without secrets."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's arguments."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                without_secrets(one) if isinstance(one, str) else one for one in record.args
            )
        return True
