"""A release.toml, and JPEG files that tell more than their picture, for tests of releases."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cygnet.curation.release.config import ReleaseConfig, read_release_config
from cygnet.curation.release.release import ReleaseSummary
from cygnet.curation.synth import write_twin

TOLD = "Erika Muster 1970-01-01"
SECTIONS = '[split]\ntest_share = 0.25\n[images]\nformats = ["jpeg", "dicom"]\n'

BASE = """
name = "small"
title = "A small dataset"
version = "{version}"
published = 2026-11-25
description = "Drawn lesions."
publisher = "Example Clinic"
doi = "10.1234/small"
url = "https://example.org/small"

[[creator]]
family = "Doe"
given = "Jane"
orcid = "0000-0002-1825-0097"
affiliation = "Example Clinic"

[[creator]]
name = "Example Clinic"

[licence]
spdx = "CC-BY-NC-4.0"
name = "Creative Commons Attribution-NonCommercial 4.0 International"
url = "https://creativecommons.org/licenses/by-nc/4.0/"

[[source]]
name = "Example Clinic"
attribution = "Example Clinic, Department of Dermatology"

[private]
key_file = "private/release.key"
"""


@dataclass(frozen=True)
class Released:
    """A cohort and its release."""

    data: Path
    folder: Path
    config: ReleaseConfig
    summary: ReleaseSummary

    @property
    def out(self) -> Path:
        """The folder of the release."""
        return self.summary.out


def write_source(folder: Path) -> Path:
    """Draw a cohort; each file and each row says whose it is and when."""
    data = folder / "source"
    write_twin(data, n_patients=8, n_test_patients=0, seed=7, size_px=32, melanoma_prevalence=0.12)
    for file in (data / "jpeg" / "train").iterdir():
        file.write_bytes(telling(file.read_bytes(), f"{TOLD} {file.stem}"))
    table = pl.read_csv(data / "train.csv")
    told = table.with_columns(notes=pl.lit(TOLD), taken=pl.lit("2019-04-01"))
    told.write_csv(data / "train.csv")
    return data


def write_config(
    folder: Path, sections: str = "", *, version: str = "1.0.0", replace: Mapping[str, str] = {}
) -> Path:
    """Write a release.toml with ``sections`` after the common ones."""
    text = BASE.format(version=version) + sections
    for old, new in replace.items():
        assert old in text
        text = text.replace(old, new)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "release.toml"
    file.write_text(text, encoding="utf-8")
    return file


def config(folder: Path, sections: str = "", *, version: str = "1.0.0") -> ReleaseConfig:
    """Give the configuration that :func:`write_config` writes."""
    return read_release_config(write_config(folder, sections, version=version))


def segment(marker: int, payload: bytes) -> bytes:
    """Give one segment of a JPEG."""
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def exif(orientation: int, text: str) -> bytes:
    """Give an EXIF segment with an orientation, and ``text`` after its directory."""
    directory = (
        b"\x01\x00" + b"\x12\x01\x03\x00\x01\x00\x00\x00" + bytes((orientation, 0, 0, 0)) + bytes(4)
    )
    return segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0" + directory + text.encode())


def telling(jpeg: bytes, text: str, *, orientation: int = 1) -> bytes:
    """Put ``text`` into every place of ``jpeg`` that a picture does not need."""
    said = text.encode()
    extra = (
        exif(orientation, text)
        + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + said)
        + segment(0xED, b"Photoshop 3.0\0" + said)
        + segment(0xFE, said)
    )
    return jpeg[:2] + extra + jpeg[2:] + b"\xff\xd8" + said
