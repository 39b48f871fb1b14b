"""How are other programs told? By POST, signed by HMAC, never to an address that is not public.

What is told is written down with the act that it tells of, and sent by a thread afterwards. The
name is resolved once, every address of it is checked, and the connection goes to the address that
was checked: a name that changes its mind between the two reaches nothing. Redirects are not
followed.
"""

import hashlib
import hmac
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.db.models import F

from cygnet.site.contest import clock
from cygnet.site.contest.models import Delivery

TRIES = 12
TIMEOUT_S = 10
LOOK_EVERY_S = 2.0
SIGNATURE = "X-Cygnet-Signature"
_NAT64 = IPv6Network("64:ff9b::/96")


class NotPublicError(Exception):
    """The address leads to a machine that is not on the public network."""


def announce(event: str, body: Mapping[str, object], moment: datetime) -> None:
    """Write down what the webhooks have to be told; call it in the act's own transaction."""
    text = json.dumps({"event": event, "moment": moment.isoformat(), **body}, sort_keys=True)
    Delivery.objects.bulk_create(
        Delivery(url=hook.url, event=event, body=text, due=moment)
        for hook in settings.CONTEST.contest.webhooks
        if event in hook.events
    )


def signature(secret: str, moment: int, body: bytes) -> str:
    """Sign ``body`` as sent at ``moment`` (seconds since 1970): HMAC-SHA-256 of both."""
    made = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={made}"


def is_public(address: str) -> bool:
    """Say whether an address is of the public network, and so is the IPv4 that it may carry.

    >>> is_public("93.184.215.14"), is_public("::ffff:10.0.0.1"), is_public("64:ff9b::a00:1")
    (True, False, False)
    """
    found = ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(found, IPv6Address):
        # Mapped, 6to4, Teredo, NAT64: a router on the way may lead to the address within.
        carried = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
        if found in _NAT64:
            carried.append(IPv4Address(int(found) & 0xFFFFFFFF))
        if any(one is not None and not one.is_global for one in carried):
            return False
        if found.ipv4_mapped is not None:
            return True
    return found.is_global and not found.is_multicast


def public_address(host: str, port: int) -> str:
    """Resolve ``host`` and give one of its addresses; raises where any of them is not public."""
    found = {info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    for address in found:
        if not is_public(str(address)):
            raise NotPublicError(f"{host} leads to {address}, which is not public")
    return str(sorted(map(str, found))[0])


class _Pinned(http.client.HTTPSConnection):
    """A connection to an address that was checked, under the name that it was checked for."""

    def __init__(self, host: str, port: int, address: str) -> None:
        self._context_checked = ssl.create_default_context()
        super().__init__(host, port, timeout=TIMEOUT_S, context=self._context_checked)
        self._address = address

    def connect(self) -> None:
        """Connect to the checked address; the certificate is of the name."""
        plain = socket.create_connection((self._address, self.port), TIMEOUT_S)
        # Once more, on the connection itself: this is where the bytes will go.
        if not is_public(plain.getpeername()[0]):
            plain.close()
            raise NotPublicError(f"{self.host} led to {self._address}")
        self.sock = self._context_checked.wrap_socket(plain, server_hostname=self.host)


def send(url: str, body: bytes, secret: str) -> str:
    """Send once; give a word on how it went, which begins with ``ok`` where it was taken."""
    parts: SplitResult = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username:
        return "refused: only https addresses without a password are told"
    port = parts.port or 443
    moment = int(clock.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Cygnet",
        SIGNATURE: signature(secret, moment, body),
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection = _Pinned(parts.hostname, port, public_address(parts.hostname, port))
        try:
            connection.request("POST", target, body=body, headers=headers)
            status = connection.getresponse().status
        finally:
            connection.close()
    except NotPublicError as error:
        return f"refused: {error}"[:200]
    except (OSError, http.client.HTTPException) as error:
        return f"failed: {error}"[:200]
    return f"ok {status}" if 200 <= status < 300 else f"answered {status}"


def drain(stop: threading.Event) -> None:
    """Send what is due until ``stop`` is set; what fails is tried again, later and later."""
    secret = settings.CONTEST.secret("webhook_secret")
    while not stop.wait(LOOK_EVERY_S):
        if not settings.CONTEST.contest.webhooks:
            continue
        for row in Delivery.objects.filter(done_at=None, due__lte=clock.now())[:20]:
            deliver(row, secret or "")
            if stop.is_set():
                return


def deliver(row: Delivery, secret: str) -> None:
    """Try one delivery."""
    said = send(row.url, row.body.encode(), secret) if secret else "refused: no webhook_secret"
    now = clock.now()
    given_up = row.tries + 1 >= TRIES or said.startswith("refused")
    Delivery.objects.filter(pk=row.pk).update(
        tries=F("tries") + 1,
        last_answer=said,
        due=now + timedelta(seconds=min(3600, 5 * 2**row.tries)),
        done_at=now if said.startswith("ok") or given_up else None,
    )
