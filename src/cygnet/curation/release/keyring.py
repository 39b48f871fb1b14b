"""Which random identifier does a source identifier get? One secret key, one ledger, for good.

An identifier is seven digits of HMAC-SHA256 of the key over the source identifier. The ledger
beside the key remembers each one given, and each patient's side of the split, so that the next
version gives the same; it and the truth of the test set are written for their owner alone (0600).
"""

import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from cygnet.durable import storage_errors, write_whole
from cygnet.errors import InputError

Kind = Literal["image_name", "patient_id", "lesion_id"]

PREFIXES: Final[dict[Kind, str]] = {"image_name": "ISIC_", "patient_id": "IP_", "lesion_id": "IL_"}
_DIGITS: Final = 7
_SPACE: Final = 10**_DIGITS
# Above this fill the search for a free number gets long; no dataset of lesions is near it.
_FULLEST: Final = _SPACE // 2
_KEY_BYTES: Final = 32
_SHORTEST_KEY: Final = 16


def read_or_make_key(file: Path, *, may_make: bool) -> bytes:
    """Read the secret key in ``file``; where there is none and ``may_make``, make one.

    Raises :class:`InputError` when it is missing and must not be made (a later version needs the
    key of the first), when others than its owner may read it, and when it is too short.
    """
    if not file.exists():
        if not may_make:
            raise InputError.of(
                "The secret key is not there, and a later version needs that of the first.",
                "Put the key of the previous release back at this path.",
                file=file,
            )
        write_private(file, (secrets.token_hex(_KEY_BYTES) + "\n").encode())
    with storage_errors(file):
        mode = file.stat().st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise InputError.of(
                f"Others than its owner may read the secret key (mode {stat.S_IMODE(mode):04o}).",
                "Close it with: chmod 600",
                file=file,
            )
        key = file.read_bytes().strip()
    if len(key) < _SHORTEST_KEY:
        raise InputError.of(
            f"The secret key has {len(key)} bytes; it must have at least {_SHORTEST_KEY}.",
            "Leave the path free for the first release, and a key is made.",
            file=file,
        )
    return key


def write_private(file: Path, data: bytes) -> None:
    """Write ``data`` to ``file`` whole, readable by its owner alone."""
    with storage_errors(file):
        if not file.parent.exists():
            file.parent.mkdir(parents=True, mode=0o700)
    with write_whole(file) as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(data)


def keyed_rank(key: bytes, purpose: str, text: str) -> bytes:
    """Give a number that orders by chance, the same for the same key, purpose and text."""
    return hmac.digest(key, f"{purpose}\0{text}".encode(), hashlib.sha256)


@dataclass
class Ledger:
    """What was given before, and must be given again: ids, and sides of the split.

    ``given`` maps source to released identifiers, ``sides`` a source patient to ``"train"``,
    ``"Public"`` or ``"Private"``.
    """

    file: Path
    given: dict[Kind, dict[str, str]] = field(
        default_factory=lambda: {"image_name": {}, "patient_id": {}, "lesion_id": {}}
    )
    sides: dict[str, str] = field(default_factory=dict)

    def give(self, key: bytes, kind: Kind, sources: Iterable[str]) -> dict[str, str]:
        """Give each of ``sources`` its identifier, and remember it.

        A number that is taken is passed over, and so is one that would read like a source
        identifier of this kind, so that no released identifier is some source identifier.
        """
        known = self.given[kind]
        wanted = sorted(set(sources))
        taken = {*known.values(), *wanted, *known}
        if len(taken) + len(wanted) > _FULLEST:
            raise InputError.of(
                f"There are too many identifiers for {_DIGITS} digits.", "Release fewer images."
            )
        for source in wanted:
            if source not in known:
                known[source] = _free_identifier(key, kind, source, taken)
                taken.add(known[source])
        return {source: known[source] for source in wanted}

    def write(self) -> None:
        """Write the ledger beside the key."""
        document = {"given": self.given, "sides": self.sides}
        write_private(self.file, (json.dumps(document, indent=1, sort_keys=True) + "\n").encode())


def _free_identifier(key: bytes, kind: Kind, source: str, taken: set[str]) -> str:
    attempt = 0
    while True:
        digest = keyed_rank(key, f"{kind} {attempt}", source)
        number = int.from_bytes(digest[:8], "big") % _SPACE
        identifier = f"{PREFIXES[kind]}{number:0{_DIGITS}d}"
        if identifier not in taken:
            return identifier
        attempt += 1


def read_ledger(key_file: Path, key: bytes) -> Ledger:
    """Read the ledger beside ``key_file``, an empty one where there is none.

    Raises :class:`InputError` when it cannot be read as one.
    """
    ledger = Ledger(ledger_path(key_file, key))
    if not ledger.file.exists():
        return ledger
    try:
        document = json.loads(ledger.file.read_text(encoding="utf-8"))
        for kind in PREFIXES:
            ledger.given[kind] = {str(a): str(b) for a, b in document["given"][kind].items()}
        ledger.sides = {str(a): str(b) for a, b in document["sides"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError.of(
            f"This ledger of identifiers cannot be read ({error}).",
            "Put it back from a copy: without it the next version may give other identifiers.",
            file=ledger.file,
        ) from error
    return ledger


def ledger_path(key_file: Path, key: bytes) -> Path:
    """Give where the ledger of ``key`` lies: another key in the same place has another ledger."""
    mark = hmac.digest(key, b"ledger", hashlib.sha256).hex()[:8]
    return key_file.with_name(f"{key_file.name}.ledger-{mark}.json")
