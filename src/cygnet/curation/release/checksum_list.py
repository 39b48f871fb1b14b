"""Which files does a list of checksums name? BagIt manifests, and what ``sha256sum`` writes.

Takes the GNU form, the BSD form and BagIt's; MD5, SHA-1, SHA-256 and SHA-512. Refuses names that
lead out of the folder, files listed twice with different sums, and a list that names nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from cygnet.errors import InputError, Offender

Algorithm = Literal["md5", "sha1", "sha256", "sha512"]

_BY_LENGTH: Final[dict[int, Algorithm]] = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_GNU: Final = re.compile(r"^\\?([0-9A-Fa-f]{32,128})[ \t]+\*?(.+)$")
_BSD: Final = re.compile(r"^(MD5|SHA1|SHA256|SHA512) ?\((.+)\) ?= ?([0-9A-Fa-f]{32,128})$")
_ESCAPES: Final = {"%0A": "\n", "%0a": "\n", "%0D": "\r", "%0d": "\r", "%25": "%"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of a list: its path from the folder, and its checksum in lower case."""

    path: str
    algorithm: Algorithm
    digest: str


def read_checksum_list(file: Path, *, is_bag: bool = False) -> list[Listed]:
    """Read the list in ``file``; a bag's manifest writes line ends in names as %0A and %0D.

    Raises :class:`InputError` with the lines that are none, the names that lead out of the folder,
    and the names listed twice with different checksums; also for a list without a file.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.of(
            f"This list of checksums cannot be read ({error}).", "Fetch it again.", file=file
        ) from error
    listed: dict[tuple[str, Algorithm], Listed] = {}
    broken, unsafe, torn = [], [], []
    for number, line in _lines(text):
        one = _parsed(line, is_bag=is_bag)
        if one is None:
            broken.append(Offender(line, number))
        elif not is_inside(one.path):
            unsafe.append(Offender(one.path, number))
        elif listed.setdefault((one.path, one.algorithm), one) != one:
            torn.append(Offender(one.path, number))
    for rule, remedy, offenders in (
        ("A line is no checksum with a file name.", "Fetch the list again.", broken),
        (
            "A name in the list leads out of the folder; nothing of the list was used.",
            "Do not trust it: ask the publisher for a list of names inside the folder.",
            unsafe,
        ),
        ("A file is listed twice with different checksums.", "Fetch the list again.", torn),
    ):
        if offenders:
            raise InputError.of(rule, remedy, file=file, offenders=offenders)
    if not listed:
        raise InputError.of("This list names no file.", "Give the list itself.", file=file)
    return list(listed.values())


def _lines(text: str) -> Iterator[tuple[int, str]]:
    # Not splitlines: a name may hold one of the rarer line ends of Unicode.
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.rstrip("\r")
        if stripped.strip() and not stripped.startswith(("#", ";")):
            yield number, stripped


def _parsed(line: str, *, is_bag: bool) -> Listed | None:
    if (found := _BSD.match(line)) is not None:
        name, digest = found[2], found[3]
    elif (found := _GNU.match(line)) is not None:
        name, digest = found[2], found[1]
    else:
        return None
    algorithm = _BY_LENGTH.get(len(digest))
    if algorithm is None:
        return None
    if is_bag:
        name = re.sub(r"%0[AaDd]|%25", lambda part: _ESCAPES[part[0]], name)
    # A list made with find begins its names with ./
    return Listed(name.removeprefix("./"), algorithm, digest.lower())


def is_inside(name: str) -> bool:
    r"""Say whether a listed name stays inside its folder, on any system.

    >>> is_inside("data/a.jpg"), is_inside("../a.jpg"), is_inside("/etc/passwd"), is_inside("C:\\a")
    (True, False, False, False)
    """
    path = PurePosixPath(name)
    return (
        bool(path.parts)
        and not path.is_absolute()
        and ".." not in path.parts
        and "\\" not in name
        and "\x00" not in name
        and not name.startswith("~")
        and re.match(r"^[A-Za-z]:", name) is None
    )
