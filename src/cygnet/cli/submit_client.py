"""How is a file sent so that it counts once? Under one key, until it is answered."""

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import urllib3

from cygnet.errors import Fault, InputError, Offender

TRIES: Final = 8
PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
# What may be different in a moment; all else is an answer.
_PASSING: Final = frozenset({408, 502, 503, 504})


def send(
    file: Path,
    *,
    url: str,
    token: str,
    track: str | None = None,
    note: str = "",
    key: str | None = None,
    say: Callable[[str], None] = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Send ``file`` and give the answer; raises :class:`InputError` with what is wrong else."""
    address = _address(url)
    if not file.is_file():
        raise InputError.of("There is no such file.", "Check its name.", file=file)
    fields: dict[str, Any] = {"file": (file.name, file.read_bytes(), "text/csv"), "note": note}
    if track is not None:
        fields["track"] = track
    body, kind = urllib3.encode_multipart_formdata(fields)
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": key or str(uuid.uuid4()),
        "Content-Type": kind,
        "Accept": "application/json",
    }
    manager = urllib3.PoolManager(
        retries=False, timeout=urllib3.Timeout(connect=10, read=120), cert_reqs="CERT_REQUIRED"
    )
    problem = ""
    for attempt in range(TRIES):
        if attempt:
            wait = min(LONGEST_PAUSE_S, PAUSE_S * 2 ** (attempt - 1))
            say(f"{problem} Trying again in {wait:g} s.")
            pause(wait)
        try:
            answer = manager.request("POST", address, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            problem = f"{address} did not answer ({type(error).__name__})."
            continue
        document = _document(answer)
        if answer.status in _PASSING:
            problem = str(document.get("reason", f"It answered {answer.status}."))
            continue
        return _accepted(answer.status, document, file)
    raise InputError.of(
        problem, f"Try again later with --key {headers['Idempotency-Key']}: it counts once."
    )


def _address(url: str) -> str:
    parts = urllib3.util.parse_url(url)
    if parts.scheme not in {"http", "https"} or not parts.host:
        raise InputError.of(
            "This is no web address.", "Give one such as https://host.", offenders=[Offender(url)]
        )
    return f"{url.rstrip('/')}/api/v1/submissions"


def _document(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    try:
        found = json.loads(answer.data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _accepted(status: int, document: dict[str, Any], file: Path) -> dict[str, Any]:
    if status == 201 and {"id", "public", "receipt"} <= document.keys():
        return document
    if status == 422 and document.get("errors"):
        raise InputError(*(_fault(one, file) for one in document["errors"]))
    reason = str(document.get("reason") or f"The challenge answered {status}.")
    when = document.get("retry_at")
    remedy = f"Try again from {when} on." if when else "Nothing was counted."
    raise InputError.of(reason, remedy, file=file)


def _fault(error: dict[str, Any], file: Path) -> Fault:
    rows = [row for row in error.get("rows", ()) if isinstance(row, int)]
    shown = tuple(Offender("", row) for row in rows)
    return Fault(str(error.get("message", "")), "Nothing was counted.", file, shown)
