"""When is what sent to whom? The rules of updates, pure: states and times in, decisions out."""

import re
from datetime import datetime, timedelta
from typing import Final, Literal

State = Literal["pending", "confirmed", "left", "bounced"]
Reply = Literal["accepted", "later", "refused"]

CONFIRMATION_EVERY: Final = timedelta(days=1)
# A mailbox that did not exist is not tried every day.
CONFIRMATION_EVERY_AFTER_BOUNCE: Final = timedelta(days=30)
CONFIRM_WITHIN: Final = timedelta(days=7)
SIGN_UPS_KEPT: Final = timedelta(days=1)
MOST_AN_HOUR_A_NETWORK: Final = 20
MOST_AN_HOUR: Final = 1_000
# Nobody reads and types in less; and a page that was open for a day may be sent from anywhere.
FORM_AT_LEAST: Final = timedelta(seconds=2)
FORM_AT_MOST: Final = timedelta(days=1)

MOST_ATTEMPTS: Final = 12
MOST_REPLY: Final = 200
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=6)


def normal_address(address: str) -> str:
    """Give the one spelling under which an address is kept; the domain in ASCII.

    Raises ``UnicodeError`` for a domain that cannot be spelt so.

    >>> normal_address(" Jane.Doe@Example.ORG "), normal_address("a@b\u00fccher.example")
    ('jane.doe@example.org', 'a@xn--bcher-kva.example')
    """
    local, _, domain = address.strip().lower().rpartition("@")
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def may_confirm_again(state: State | None, last_sent: datetime | None, now: datetime) -> bool:
    """Say whether a confirmation is sent to an address that was entered just now.

    ``state`` is ``None`` for an address that is not known. Once a day at most, and never to one
    that is confirmed.
    """
    if state == "confirmed":
        return False
    pause = CONFIRMATION_EVERY_AFTER_BOUNCE if state == "bounced" else CONFIRMATION_EVERY
    return last_sent is None or now - last_sent >= pause


def within_limits(of_network: int, in_all: int) -> bool:
    """Say whether one more sign-up is taken, after so many in the last hour."""
    return of_network < MOST_AN_HOUR_A_NETWORK and in_all < MOST_AN_HOUR


def reply_means(code: int) -> Reply:
    """Say what an SMTP reply means for the letter.

    >>> reply_means(250), reply_means(451), reply_means(550)
    ('accepted', 'later', 'refused')
    """
    if 200 <= code < 300:
        return "accepted"
    return "refused" if 500 <= code < 600 else "later"


def without_addresses(reply: str) -> str:
    """Take addresses out of what a mail server says: it is kept when the address is erased.

    >>> without_addresses("550 5.1.1 <jane@x.example>: no such mailbox")
    '550 5.1.1 (address) no such mailbox'
    """
    return re.sub(r"\S*[^\s@]@\S+", "(address)", reply)[:MOST_REPLY]


def pause_after(attempts: int) -> timedelta | None:
    """Give how long a letter waits after so many attempts; ``None``: it is given up.

    >>> pause_after(1), pause_after(3), pause_after(12)
    (datetime.timedelta(seconds=60), datetime.timedelta(seconds=240), None)
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    doublings = min(max(attempts - 1, 0), MOST_ATTEMPTS)
    return min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)
