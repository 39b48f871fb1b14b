"""What is the dataset page about? A release, or what was published of ISIC 2020, or nothing yet."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings

from cygnet.curation import isic2020
from cygnet.curation.release.citation import bibtex
from cygnet.curation.release.config import DatasetDescription
from cygnet.curation.release.reading import DOCUMENTS, ReadRelease, read_release
from cygnet.site.dataset.settings import ISIC_2020


@dataclass(frozen=True, slots=True)
class Download:
    """One file that can be downloaded: from this machine, or from ``url`` where there is one.

    ``n_bytes`` is exact where ``sha256`` is known, and else as it was published.
    """

    path: str
    n_bytes: int
    sha256: str | None = None
    url: str | None = None
    mtime_ns: int = 0

    @property
    def is_image(self) -> bool:
        """Whether it is a single picture rather than a table or an archive."""
        return self.path.endswith((".jpg", ".dcm"))


@dataclass(frozen=True, eq=False)
class Subject:
    """All that the page and its downloads are made of."""

    description: DatasetDescription
    facts: Mapping[str, Any]
    citation: str
    bibtex: str
    published: str
    licence_text: str
    downloads: Mapping[str, Download]
    documents: Mapping[str, bytes]
    paper: str = ""
    errata: tuple[Mapping[str, str], ...] = ()
    versions: tuple[str, ...] = ()
    release: ReadRelease | None = field(default=None, repr=False)

    @property
    def terms(self) -> str:
        """What is accepted, in 16 characters: this licence of this version of this dataset."""
        said = f"{self.description.name}\n{self.description.version}\n{self.licence_text}"
        return sha256(said.encode()).hexdigest()[:16]


def subject() -> Subject | None:
    """Give what the page is about; ``None`` where the contest folder names nothing.

    Raises :class:`InputError` where the release that it names is none. It is read once a process:
    a release never changes, and a new one needs a restart.
    """
    return _subject(settings.DATASET_RELEASE, settings.DATASET_TEMPLATE)


@cache
def _subject(folder: Path | None, template: str) -> Subject | None:
    if folder is not None:
        return _released(read_release(folder))
    return _isic2020() if template == ISIC_2020 else None


def _released(release: ReadRelease) -> Subject:
    said = release.description
    return Subject(
        description=said,
        facts=release.facts,
        citation=release.citation,
        bibtex=bibtex(said),
        published=f"{said.published.day} {said.published:%B %Y}",
        licence_text=release.licence_text,
        downloads={
            file.path: Download(file.path, file.n_bytes, file.sha256, None, file.mtime_ns)
            for file in release.files
        },
        documents={name: release.document(name) for name in DOCUMENTS},
        errata=release.errata,
        versions=release.versions,
        release=release,
    )


def _isic2020() -> Subject:
    said = isic2020.description()
    known = isic2020.dataset()
    text = f"{said.title}\n\n{said.licence.name} ({said.licence.spdx})\n{said.licence.url}\n"
    return Subject(
        description=said,
        facts=isic2020.facts(),
        citation=isic2020.citation(),
        bibtex=isic2020.bibtex(),
        published=str(isic2020.YEAR),
        licence_text=f"{text}\nWhen you use or pass on any part, cite:\n{known.attribution}\n",
        downloads={
            file.name: Download(file.name, file.size, file.sha256, file.url) for file in known.files
        },
        documents={
            name: (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
            for name, document in isic2020.documents().items()
        },
        paper=isic2020.PAPER,
    )
