"""Which datasets can be fetched by name? Their files, sizes, hashes and licence, from TOML.

A registry is data of others: an unknown key, a file name that is more than a name, and an address
that is neither https nor on this machine are refused before anything is asked of a network.
"""

import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from cygnet.curation.fetch.addresses import url_fault
from cygnet.curation.fetch.names import name_fault, resembling
from cygnet.errors import Fault, FetchError

OWN_NAMES: Final = frozenset({"manifest-sha256.txt", "fetched.json", "licence-accepted.json"})
PART_SUFFIXES: Final = (".part", ".part.json")

_MAX_BYTES: Final = 10 * 1024**2
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ZIP: Final = ".zip"


def _checked_url(url: str) -> str:
    fault = url_fault(url)
    if fault is not None:
        raise ValueError(f"{url!r}: {fault}")
    return url


def _checked_name(name: str) -> str:
    fault = name_fault(name)
    if fault is None and "/" in name:
        fault = "it is a path, not a name"
    if fault is None and name.startswith("."):
        fault = "it begins with a dot"
    if fault is None and (name.casefold() in OWN_NAMES or name.casefold().endswith(PART_SUFFIXES)):
        fault = "Cygnet keeps its own notes under this name"
    if fault is not None:
        raise ValueError(f"{name!r} cannot be a file's name: {fault}")
    return name


def _checked_word(word: str) -> str:
    if not _WORD.fullmatch(word):
        raise ValueError(f"{word!r} is no word of small letters, digits, dots and hyphens")
    return word


Url = Annotated[str, AfterValidator(_checked_url)]
FileName = Annotated[str, AfterValidator(_checked_name)]
Word = Annotated[str, AfterValidator(_checked_word)]
Size = Annotated[int, Field(ge=0, le=2**50, strict=True)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RemoteFile(_Frozen):
    """One file of a dataset: its name in OUT, where it comes from, and what is known of it.

    Exactly one of ``bytes`` (exact) and ``about_bytes`` (rounded or estimated) is given. The
    hashes are those that the publisher gives, else ``None``.
    """

    name: FileName
    part: Word
    url: Url
    bytes: Size | None = None
    about_bytes: Size | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.bytes is None) == (self.about_bytes is None):
            raise ValueError("give either bytes (exact) or about_bytes (approximate)")
        return self

    @property
    def size(self) -> int:
        """The size that is planned with, exact or not."""
        return self.bytes if self.bytes is not None else self.about_bytes or 0

    @property
    def is_exact(self) -> bool:
        """Whether :attr:`size` is exact."""
        return self.bytes is not None

    @property
    def has_hash(self) -> bool:
        """Whether the publisher gives a hash."""
        return self.sha256 is not None or self.md5 is not None

    @property
    def is_archive(self) -> bool:
        """Whether it is a zip archive by its name."""
        return self.name.lower().endswith(_ZIP)


class KnownDataset(_Frozen):
    """One dataset: what it is, under which licence it may be used, and its files."""

    title: str
    licence: Annotated[str, Field(min_length=1, max_length=200)]
    licence_url: str
    attribution: str
    doi: str | None = None
    page: str | None = None
    default_parts: tuple[Word, ...]
    files: Annotated[tuple[RemoteFile, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct_names(self) -> Self:
        twice = resembling([file.name for file in self.files])
        if twice is not None:
            raise ValueError(f"{twice[0]!r} and {twice[1]!r} are one name where case is ignored")
        unknown = set(self.default_parts) - {file.part for file in self.files}
        if unknown or not self.default_parts:
            raise ValueError(f"default_parts names no part of a file: {sorted(unknown)}")
        return self

    @property
    def parts(self) -> list[str]:
        """The parts that can be asked for, in the registry's order."""
        return list(dict.fromkeys(file.part for file in self.files))

    def select(self, parts: Sequence[str]) -> tuple[RemoteFile, ...]:
        """Give the files of ``parts``, or of the default parts where none is named.

        Raises :class:`FetchError` for a part that the dataset does not have.
        """
        unknown = [part for part in parts if part not in self.parts]
        if unknown:
            raise FetchError.of(
                f"This dataset has no part {', '.join(map(repr, unknown))}.",
                f"Its parts are: {', '.join(self.parts)}.",
            )
        wanted = set(parts or self.default_parts)
        return tuple(file for file in self.files if file.part in wanted)


_REGISTRY: Final = TypeAdapter(dict[Word, KnownDataset])


def read_registry(file: Path | None = None) -> dict[str, KnownDataset]:
    """Read the registry in ``file``, or the one that ships with Cygnet.

    Raises :class:`FetchError` that names every faulty key for a file that is not there, too large
    or not TOML, an unknown or missing key, and a value that breaks a rule.
    """
    if file is None:
        shipped = resources.files("cygnet.curation.fetch") / "datasets.toml"
        return _validated(shipped.read_text(encoding="utf-8"), Path("datasets.toml"))
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise FetchError.of(
                "This is too large to be a registry of datasets.", "Give a TOML file.", file=file
            )
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FetchError.of(
            "This registry is not UTF-8 text.", "Save it as UTF-8.", file=file
        ) from error
    except OSError as error:
        raise FetchError.of(
            f"This registry cannot be read ({error.strerror}).", "Check the path.", file=file
        ) from error
    return _validated(text, file)


def _validated(text: str, file: Path) -> dict[str, KnownDataset]:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise FetchError.of(
            f"This registry is not TOML: {error}.", "Mend that line.", file=file
        ) from error
    try:
        return _REGISTRY.validate_python(document)
    except ValidationError as error:
        raise FetchError(
            *(
                Fault(
                    f"`{'.'.join(str(part) for part in found['loc'])}`: {found['msg']}.",
                    "Mend or remove this key; docs/reference/fetch.md describes the form.",
                    file,
                )
                for found in error.errors(include_url=False)
            )
        ) from error


def known_dataset(name: str, registry: Path | None = None) -> KnownDataset:
    """Give the dataset called ``name``; raises :class:`FetchError` where there is none."""
    known = read_registry(registry)
    if name not in known:
        raise FetchError.of(
            f"No dataset is called {name!r}.",
            f"The datasets are: {', '.join(known)}. Describe another in a file: --registry.",
            file=registry,
        )
    return known[name]
