"""From which address does a request come? Forwarded headers count only from the proxy's network."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

from cygnet.errors import InputError

Network = IPv4Network | IPv6Network
Headers = Sequence[tuple[bytes, bytes]]


def networks(text: str) -> tuple[Network, ...]:
    """Read networks in CIDR notation, separated by commas."""
    try:
        return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())
    except ValueError as error:
        raise InputError.of(
            f"{text!r} is no network: {error}.", "Give one such as 10.0.0.0/8."
        ) from error


def is_within(address: str, trusted: Sequence[Network]) -> bool:
    """Say whether ``address`` lies in one of the networks; what is no address does not."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    # A socket of both families writes IPv4 so.
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in trusted)


def one_client(address: str) -> str:
    """Give what limits count: an IPv4 address, or the /64 that a client of IPv6 has to itself.

    >>> one_client("192.0.2.7"), one_client("::ffff:192.0.2.7"), one_client("2001:db8::1:2")
    ('192.0.2.7', '192.0.2.7', '2001:db8::/64')
    """
    try:
        found = ip_address(address.split("%", maxsplit=1)[0])
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), 64), strict=False))


def _without_port(hop: str) -> str:
    """Give a hop without the client's port, which some proxies write too."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def origin(
    peer: str, scheme: str, headers: Headers, trusted: Sequence[Network]
) -> tuple[str, str, list[tuple[bytes, bytes]]]:
    """Give the client's address, the scheme, and the headers without what was forwarded.

    Read from the right: the first address that is no trusted proxy is the client's. What stands
    left of it may be anybody's invention.
    """
    kept = [
        (name, value)
        for name, value in headers
        if not name.startswith(b"x-forwarded-") and name not in {b"forwarded", b"x-real-ip"}
    ]
    if not is_within(peer, trusted):
        return peer, scheme, kept
    hops = [
        hop.strip()
        for name, value in headers
        if name == b"x-forwarded-for"
        for hop in value.decode("latin-1").split(",")
    ]
    client = peer
    for hop in reversed(hops):
        try:
            client = str(ip_address(_without_port(hop)))
        except ValueError:
            break
        if not is_within(client, trusted):
            break
    said = [value for name, value in headers if name == b"x-forwarded-proto"]
    if said and said[-1] in {b"http", b"https"}:
        scheme = said[-1].decode()
    return client, scheme, kept
