"""May a name that somebody else chose become a path here? Rules for every file system at once.

A name is taken as it is or refused; it is never repaired, as two repaired names could meet.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final

_MAX_COMPONENT_BYTES: Final = 255
_MAX_PATH_BYTES: Final = 1024
# Windows opens a device under these names, whatever suffix follows.
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)
_FORBIDDEN: Final = frozenset('<>:"|?*\\')


def name_fault(name: str) -> str | None:
    r"""Say what forbids a relative path with ``/`` between its parts; ``None`` where nothing does.

    >>> name_fault("train/ISIC_0015719.jpg")
    >>> name_fault("../../.ssh/authorized_keys")
    'it has a part that is empty, . or ..'
    >>> name_fault("C:\\x")
    "it has the character ':'"
    """
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return "it is no valid text"
    if len(encoded) > _MAX_PATH_BYTES:
        return "it is longer than 1,024 bytes"
    odd = next((c for c in name if c in _FORBIDDEN or not (c.isprintable() or c == " ")), None)
    parts = name.split("/")
    faults = {
        f"it has the character {odd!r}": odd is not None,
        "it has a part that is empty, . or ..": any(part in {"", ".", ".."} for part in parts),
        "it has a part longer than 255 bytes": any(
            len(part.encode()) > _MAX_COMPONENT_BYTES for part in parts
        ),
        "it has a part that begins or ends with a space, or ends with a dot": any(
            part.strip() != part or part.endswith(".") for part in parts
        ),
        "it is the name of a device on Windows": any(
            part.split(".")[0].casefold() in _DEVICES for part in parts
        ),
    }
    return next((fault for fault, holds in faults.items() if holds), None)


def folded(name: str) -> str:
    """Give the name as a file system compares it that ignores case and composition."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def resembling(names: Iterable[str]) -> tuple[str, str] | None:
    """Give two of ``names`` that such a file system takes for one, or ``None``."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(folded(name), name)
        if other is not name:
            return other, name
    return None
