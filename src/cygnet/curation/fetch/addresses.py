"""May this address be asked, and through which proxy? Only https, and http on this machine."""

import ipaddress
import re
import urllib.request
from urllib.parse import urljoin, urlsplit


def url_fault(url: str) -> str | None:
    """Say what forbids an address: only https, and http on this machine itself, are asked.

    >>> url_fault("http://example.org/a.zip")
    'http is taken on this machine alone; use https'
    >>> url_fault("http://127.0.0.1:8000/a.zip")
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        return f"it is no address ({error})"
    faults = {
        "it has characters that must be percent-encoded": not re.fullmatch(r"[!-~]*", url),
        "it names no server": not host,
        "it carries a user name or a password, which would be recorded": "@" in parts.netloc,
        f"{parts.scheme or 'no scheme'} is not https": parts.scheme not in {"http", "https"},
        "http is taken on this machine alone; use https": (
            parts.scheme == "http" and not is_loopback(host or "")
        ),
    }
    return next((fault for fault, holds in faults.items() if holds), None)


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def redirect_target(url: str, location: str) -> str:
    """Give the address that ``location`` means, seen from ``url``; itself where it means none."""
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def proxy_of(url: str) -> str | None:
    """Give the proxy that the environment names for ``url``; none for this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy is None:
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
