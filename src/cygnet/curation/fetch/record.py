"""What was downloaded, when, from where, under which licence? Notes beside the files.

``manifest-sha256.txt`` has the form of BagIt's manifests (RFC 8493), so that other tools check it;
``fetched.json`` says where each file came from and whose hash it was held against;
``licence-accepted.json`` says who accepted what, how and when.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from cygnet import __version__
from cygnet.curation.fetch.registry import KnownDataset
from cygnet.durable import write_text_whole
from cygnet.errors import FetchError, InputError, Offender

MANIFEST: Final = "manifest-sha256.txt"
FETCHED: Final = "fetched.json"
LICENCE: Final = "licence-accepted.json"
FORMAT: Final = 1

HashBasis = Literal["published", "first download", "recorded"]

_MAX_BYTES: Final = 256 * 1024**2
_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *]?(.+)", re.IGNORECASE)
_ESCAPES: Final = {"%": "%25", "\n": "%0A", "\r": "%0D"}
_UNESCAPES: Final = {"%25": "%", "%0A": "\n", "%0D": "\r"}


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """One file as it was downloaded.

    ``hash_basis`` says what the SHA-256 was held against: ``published`` by the dataset's owner, or
    nothing, as it was recorded at the ``first download``.
    """

    name: str
    url: str
    n_bytes: int
    sha256: str
    hash_basis: HashBasis
    etag: str | None
    last_modified: str | None
    fetched_at: str


def now() -> str:
    """Give the time as notes have it, UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_manifest(folder: Path) -> dict[str, str]:
    """Read the hashes that ``folder`` has by path; none where there is no manifest.

    Raises :class:`FetchError` that names lines which are no ``hash  path``.
    """
    path = folder / MANIFEST
    text = _text(path)
    if text is None:
        return {}
    hashes: dict[str, str] = {}
    broken = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.rstrip("\r"))
        if found is None:
            broken.append(Offender(line, number))
        else:
            name = re.sub(r"%(25|0A|0D)", lambda e: _UNESCAPES[e[0].upper()], found[2].lstrip(),
                          flags=re.IGNORECASE)  # fmt: skip
            hashes[name] = found[1].lower()
    if broken:
        raise FetchError.of(
            "Each line is a SHA-256 and a path.",
            "Mend or remove the line.",
            file=path,
            offenders=broken,
        )
    return hashes


def write_manifest(folder: Path, hashes: Mapping[str, str]) -> None:
    """Write the hashes by path, sorted, whole or not at all."""
    lines = []
    for name, sha256 in sorted(hashes.items()):
        escaped = "".join(_ESCAPES.get(character, character) for character in name)
        lines.append(f"{sha256}  {escaped}\n")
    write_text_whole(folder / MANIFEST, "".join(lines))


def read_fetched(folder: Path) -> dict[str, FetchedFile]:
    """Read what was downloaded into ``folder`` before, by name; nothing where no note is there.

    Raises :class:`FetchError` when the note is damaged.
    """
    document = _document(folder / FETCHED)
    if document is None:
        return {}
    try:
        files = [FetchedFile(**entry) for entry in document["files"]]
        is_sound = document["format"] == FORMAT and all(map(_is_sound, files))
    except (KeyError, TypeError) as error:
        raise _damaged(folder / FETCHED) from error
    if not is_sound:
        raise _damaged(folder / FETCHED)
    return {file.name: file for file in files}


def _is_sound(file: FetchedFile) -> bool:
    # It was read from JSON, whatever its types promise.
    texts: list[object] = [file.name, file.url, file.sha256, file.fetched_at, file.hash_basis]
    counts: list[object] = [file.n_bytes]
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(count, int) for count in counts)
        and re.fullmatch(r"[0-9a-f]{64}", file.sha256) is not None
        and file.hash_basis in {"published", "first download", "recorded"}
    )


def write_fetched(folder: Path, dataset: str, files: Mapping[str, FetchedFile]) -> None:
    """Write where each file came from, whole or not at all."""
    document = {
        "format": FORMAT,
        "dataset": dataset,
        "cygnet": __version__,
        "files": [asdict(file) for _, file in sorted(files.items())],
    }
    _write_json(folder / FETCHED, document)


def has_accepted(folder: Path, dataset: KnownDataset) -> bool:
    """Tell whether the licence of ``dataset`` was accepted in ``folder`` before.

    Raises :class:`FetchError` when the note of it is damaged.
    """
    document = _document(folder / LICENCE)
    if document is None:
        return False
    accepted = document.get("licence"), document.get("licence_url"), document.get("title")
    return accepted == (dataset.licence, dataset.licence_url, dataset.title)


def write_acceptance(folder: Path, dataset: KnownDataset, *, how: str) -> None:
    """Note that the licence was accepted: ``how`` is the option or the prompt."""
    document = {
        "title": dataset.title,
        "doi": dataset.doi,
        "licence": dataset.licence,
        "licence_url": dataset.licence_url,
        "attribution": dataset.attribution,
        "accepted_by": how,
        "accepted_at": now(),
        "cygnet": __version__,
    }
    _write_json(folder / LICENCE, document)


def _write_json(path: Path, document: dict[str, Any]) -> None:
    write_text_whole(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _document(path: Path) -> dict[str, Any] | None:
    text = _text(path)
    if text is None:
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path) from error
    if not isinstance(document, dict):
        raise _damaged(path)
    return document


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _damaged(path)
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> InputError:
    return FetchError.of(
        "This note of an earlier download is damaged.", "Remove it; it is written again.", file=path
    )
