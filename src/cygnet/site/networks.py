"""From which network does a request come, without keeping its address? A keyed pseudonym.

Limits count networks, since one person owns many addresses: /24 of IPv4, /56 of IPv6.
"""

from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

UNKNOWN = "unknown"


def network(address: str) -> str:
    """Give the network of an address in CIDR notation, or ``unknown``.

    >>> network("192.0.2.77"), network("2001:db8:0:1ff::1")
    ('192.0.2.0/24', '2001:db8:0:100::/56')
    >>> network("::ffff:192.0.2.1"), network("")
    ('192.0.2.0/24', 'unknown')
    """
    try:
        found = ip_address(address.split("%", 1)[0])
    except ValueError:
        return UNKNOWN
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(ip_network((int(found), 56), strict=False))
        found = found.ipv4_mapped
    return str(ip_network((int(found), 24), strict=False))


def network_pseudonym(request: HttpRequest) -> str:
    """Give what is kept of where a request comes from: the same for a network, told to nobody."""
    said = network(str(request.META.get("REMOTE_ADDR", "")))
    digest: str = salted_hmac("cygnet.network", said, algorithm="sha256").hexdigest()
    return digest[:32]
