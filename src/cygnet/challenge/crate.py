"""What does an exported contest hold, so that a machine can read it? An RO-Crate 1.1 document.

The document alone: who writes the files and the bag around them
(:func:`cygnet.curation.release.bag.write_bag_files`) brings their sizes and checksums.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from urllib.parse import quote

from cygnet.challenge.settings import ContestSettings
from cygnet.errors import InputError, Offender

METADATA: Final = "ro-crate-metadata.json"
_CONTEXT: Final = "https://w3id.org/ro/crate/1.1/context"
_PROFILE: Final = "https://w3id.org/ro/crate/1.1"
_SOFTWARE: Final = "#cygnet"
_CONTEST: Final = "#contest"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrateFile:
    """A file of the export: its path with slashes, below the folder of the document."""

    path: str
    description: str
    media_type: str
    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrateExport:
    """What is exported; ``licence`` is the address of one, ``organisers`` are names."""

    settings: ContestSettings
    description: str
    published: date
    licence: str
    version: str
    files: Sequence[CrateFile]
    organisers: Sequence[str] = field(default=())
    dataset_doi: str = ""
    url: str = ""


def crate_document(export: CrateExport) -> dict[str, object]:
    """Give ``ro-crate-metadata.json``: the same export gives the same document.

    Raises :class:`InputError` for a path that is absolute, leads upwards, stands twice, or is the
    document's own.
    """
    _validate_paths([one.path for one in export.files])
    files = sorted(export.files, key=lambda one: one.path)
    people: list[dict[str, object]] = [
        {"@id": f"#organiser-{number}", "@type": "Person", "name": name}
        for number, name in enumerate(export.organisers, start=1)
    ]
    graph: list[dict[str, object]] = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": _PROFILE},
            "about": {"@id": "./"},
        },
        _root(export, files, people),
        _contest(export, people),
        {
            "@id": _SOFTWARE,
            "@type": "SoftwareApplication",
            "name": "cygnet",
            "softwareVersion": export.version,
        },
        {"@id": export.licence, "@type": "CreativeWork", "name": "Licence of this export"},
        *people,
        *(_file(one) for one in files),
    ]
    if export.dataset_doi:
        graph.append(
            {
                "@id": f"https://doi.org/{export.dataset_doi}",
                "@type": "Dataset",
                "name": "The dataset of the contest",
            }
        )
    return {"@context": _CONTEXT, "@graph": graph}


def _root(
    export: CrateExport, files: Sequence[CrateFile], people: Sequence[dict[str, object]]
) -> dict[str, object]:
    made: dict[str, object] = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{export.settings.title}: submissions, scores and rules",
        "description": export.description,
        "datePublished": export.published.isoformat(),
        "license": {"@id": export.licence},
        "hasPart": [{"@id": _address(one.path)} for one in files],
        "mentions": {"@id": _CONTEST},
    }
    if people:
        made["author"] = [{"@id": one["@id"]} for one in people]
    if export.dataset_doi:
        made["isBasedOn"] = {"@id": f"https://doi.org/{export.dataset_doi}"}
    return made


def _contest(export: CrateExport, people: Sequence[dict[str, object]]) -> dict[str, object]:
    settings = export.settings
    made: dict[str, object] = {
        "@id": _CONTEST,
        "@type": "CreateAction",
        "name": settings.title,
        "startTime": settings.opens.isoformat(),
        "endTime": settings.closes.isoformat(),
        "instrument": {"@id": _SOFTWARE},
        "result": {"@id": "./"},
    }
    if people:
        made["agent"] = [{"@id": one["@id"]} for one in people]
    if export.url:
        made["url"] = export.url
    return made


def _file(one: CrateFile) -> dict[str, object]:
    return {
        "@id": _address(one.path),
        "@type": "File",
        "name": one.path.rsplit("/", 1)[-1],
        "description": one.description,
        "encodingFormat": one.media_type,
        "contentSize": str(one.n_bytes),
        "sha256": one.sha256,
    }


def _address(path: str) -> str:
    """Give a path as a relative address: what an address cannot hold is escaped."""
    return quote(path)


def _validate_paths(paths: Sequence[str]) -> None:
    counted = Counter(paths)
    broken = [
        path
        for path in paths
        if not path
        or path.startswith("/")
        or "\\" in path
        or ".." in path.split("/")
        or path == METADATA
        or counted[path] > 1
    ]
    if broken:
        raise InputError.of(
            "A file of the export has no path of its own below it.",
            "Give relative paths with slashes, each once.",
            offenders=[Offender(path) for path in broken],
        )
