"""Where do a contest's secrets lie, and how can anybody check later that they were not changed?

A salted commitment to the seed and the truth is published at the opening. Private labels lie in a
file of their own that a running site never opens, and never in a folder with the secrets. They are
closed by the file system alone: a key beside what it locks would lock nothing.
"""

import hashlib
import hmac
import io
import itertools
import json
import secrets as system
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from cygnet.challenge.truth import ContestTruth, Part, Usage, part_of
from cygnet.curation.release.keyring import write_private
from cygnet.durable import storage_errors, write_whole
from cygnet.errors import InputError

IMAGES: Final = "images.csv"
PUBLIC_TRUTH: Final = "public-truth.csv"
PRIVATE_TRUTH: Final = "private-truth.csv"
_BYTES: Final = 32
_SCHEMA: Final = {
    "image_name": pl.String,
    "patient_id": pl.String,
    "target": pl.Int8,
    "usage": pl.String,
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """The seed of the split and the salt of the commitment; neither is ever shown."""

    seed: bytes = field(repr=False)
    salt: bytes = field(repr=False)


def new_secrets(random_bytes: Callable[[int], bytes] = system.token_bytes) -> Secrets:
    """Draw a seed and a salt of 32 bytes each."""
    return Secrets(random_bytes(_BYTES), random_bytes(_BYTES))


def commitment(secrets: Secrets, truth_digest: str) -> str:
    """Give the SHA-256 that is published at the opening, in hexadecimal.

    Of the salt, the seed and the digest of the truth after its split, each led by its length, so
    that no other three give the same bytes. The salt keeps anybody from trying out truths.

    >>> made = commitment(Secrets(b"seed", b"salt"), "00" * 32)
    >>> commitment_holds(made, Secrets(b"seed", b"salt"), "00" * 32)
    True
    """
    parts = (secrets.salt, secrets.seed, bytes.fromhex(truth_digest))
    framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hashlib.sha256(b"cygnet contest commitment 1\0" + framed).hexdigest()


def commitment_holds(published: str, secrets: Secrets, truth_digest: str) -> bool:
    """Say whether what was published at the opening fits what is shown at the end."""
    return hmac.compare_digest(published.strip().lower(), commitment(secrets, truth_digest))


def write_secrets(file: Path, secrets: Secrets) -> None:
    """Write the secrets for their owner alone (0600)."""
    document = {"seed": secrets.seed.hex(), "salt": secrets.salt.hex()}
    write_private(file, (json.dumps(document, indent=1) + "\n").encode())


def read_secrets(file: Path) -> Secrets:
    """Read the secrets; raises :class:`InputError` for no such file and one that others may read.

    Also for one that holds no seed and salt of at least 16 bytes.
    """
    data = _read_private(file)
    try:
        document = json.loads(data)
        made = Secrets(bytes.fromhex(document["seed"]), bytes.fromhex(document["salt"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError.of(
            "This file of secrets cannot be read.", "Put it back from a copy.", file=file
        ) from error
    if min(len(made.seed), len(made.salt)) < 16:
        raise InputError.of(
            "A secret has fewer than 16 bytes.", "Put the file back from a copy.", file=file
        )
    return made


def validate_apart(*places: Path) -> None:
    """Raise :class:`InputError` where two of the files or folders share a folder.

    A folder is its own place, a file lies in the folder above it.
    """
    folders = [place.resolve() if place.is_dir() else place.resolve().parent for place in places]
    for (one, first), (other, second) in itertools.combinations(
        zip(places, folders, strict=True), 2
    ):
        if first == second:
            raise InputError.of(
                f"{one.name} and {other.name} lie in one folder: whoever copies it has both.",
                "Give what is sealed a folder of its own.",
                file=first,
            )


def store_truth(truth: ContestTruth, *, open_folder: Path, sealed_folder: Path) -> None:
    """Write the ids and the public part for the site, and the private part apart from them.

    Both folders are made, for their owner alone. Raises :class:`InputError` where the two are one,
    or where the truth is not split.
    """
    if open_folder.resolve() == sealed_folder.resolve():
        raise InputError.of(
            "The private part cannot lie beside the public one.", "Give two folders."
        )
    if truth.table["usage"].null_count():
        raise InputError.of("This truth is not split.", "Split it first.")
    for folder in (open_folder, sealed_folder):
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The sealed part first: a contest without it must not look set up.
    for usage, file in (
        (Usage.PRIVATE, sealed_folder / PRIVATE_TRUTH),
        (Usage.PUBLIC, open_folder / PUBLIC_TRUTH),
    ):
        part = truth.table.filter(pl.col("usage") == usage.value)
        write_private(file, part.write_csv().encode())
    with write_whole(open_folder / IMAGES) as stream:
        stream.write(truth.table.select("image_name").write_csv().encode())


def load_image_names(open_folder: Path) -> tuple[str, ...]:
    """Read the sorted ids of the contest."""
    file = open_folder / IMAGES
    with storage_errors(file):
        data = file.read_bytes()
    return tuple(pl.read_csv(io.BytesIO(data), schema={"image_name": pl.String})["image_name"])


def load_public(open_folder: Path) -> Part:
    """Read the public part, ready to score; the private file is not touched."""
    names = pl.DataFrame({"image_name": load_image_names(open_folder)})
    public = _read_part(open_folder / PUBLIC_TRUTH)
    table = names.join(public, on="image_name", how="left", maintain_order="left")
    return part_of(ContestTruth(table), Usage.PUBLIC)


def load_sealed(open_folder: Path, sealed_folder: Path) -> ContestTruth:
    """Read both parts: at the close alone. Its digest is what the commitment was made to."""
    parts = [_read_part(open_folder / PUBLIC_TRUTH), _read_part(sealed_folder / PRIVATE_TRUTH)]
    truth = ContestTruth(pl.concat(parts).sort("image_name"))
    if truth.image_names != load_image_names(open_folder):
        raise InputError.of(
            "The two parts are not the contest's images.",
            "A file was changed or exchanged: put it back from a copy.",
            file=sealed_folder,
        )
    return truth


def _read_part(file: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(io.BytesIO(_read_private(file)), schema=_SCHEMA)
    except pl.exceptions.PolarsError as error:
        raise InputError.of(
            "This part of the truth cannot be read.", "Put it back from a copy.", file=file
        ) from error


def _read_private(file: Path) -> bytes:
    """Read a file that must be its owner's alone."""
    if not file.is_file():
        raise InputError.of("There is no such file.", "Put it back from a copy.", file=file)
    with storage_errors(file):
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            raise InputError.of(
                f"Others than its owner may read this (mode {mode:04o}).",
                "Close it with: chmod 600",
                file=file,
            )
        return file.read_bytes()
