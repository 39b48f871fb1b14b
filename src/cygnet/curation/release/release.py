"""How does a curated cohort become a dataset that can be published? In one pass, resumable.

Audits, selects, names, splits, strips, writes, counts, describes, checks and only then publishes.
Writes in OUT, and beside the secret key; nowhere else.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cygnet import __version__
from cygnet.cohort.columns import CANONICAL
from cygnet.cohort.columns import Part as Side
from cygnet.cohort.table import Dataset, read_dataset
from cygnet.curation.audit import audit
from cygnet.curation.duplicate_pairs import listed_pairs, same_bytes_pairs
from cygnet.curation.present import named_images, present_images
from cygnet.curation.release import citation, croissant, datasheet, errata, metadata, tables
from cygnet.curation.release.bag import IMAGE_CHECKSUMS, file_digest, write_bag_files
from cygnet.curation.release.config import ReleaseConfig
from cygnet.curation.release.facts import release_facts
from cygnet.curation.release.keyring import (
    read_ledger,
    read_or_make_key,
    write_private,
)
from cygnet.curation.release.parts import Part, WrittenImage, plan_parts, write_parts
from cygnet.curation.release.selection import Selected, select
from cygnet.curation.release.workplace import Workplace, open_workplace
from cygnet.durable import held_alone, write_text_whole
from cygnet.errors import Fault, InputError, Offender

Progress = Callable[[int], None]


@dataclass(frozen=True)
class ReleaseSummary:
    """What was released where: ``record`` is release.json, ``truth`` the withheld file, if any."""

    out: Path
    record: Mapping[str, Any]
    truth: Path | None
    went_on: bool

    def as_json(self) -> dict[str, Any]:
        """Give the JSON of ``cygnet cohort release``."""
        return {
            "out": str(self.out),
            "truth": None if self.truth is None else str(self.truth),
            "went_on": self.went_on,
            **self.record,
        }


@dataclass(frozen=True)
class _Inputs:
    """What a release is made of, once all of it was looked at."""

    config: ReleaseConfig
    dataset: Dataset
    selected: Selected
    previous: errata.Published | None
    sources: Mapping[str, str]
    """The source image_name of each released one, of all versions."""


def count_release_images(data: Path, config: ReleaseConfig) -> int:
    """Give how many images at most :func:`write_release` will write, of all formats."""
    rows = sum(cohort.table.height for cohort in read_dataset(data).parts)
    return rows * len(config.images.formats)


def write_release(
    data: Path,
    out: Path,
    config: ReleaseConfig,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> ReleaseSummary:
    """Release the cohort at ``data`` into the folder ``out``, whole or to be gone on with.

    The same inputs, key and ledger give the same bytes. Raises :class:`InputError` when the audit
    has errors, a row or an image may not be published, or a change has no reason;
    :class:`StorageError` when ``out`` is taken or cannot be written, or while another release with
    the same key is being made.
    """
    _validate_places(data, out, config)
    dataset, files = _audited(data)
    previous = errata.read_published(config)
    key = read_or_make_key(config.private.key_file, may_make=previous is None)
    with held_alone(config.private.key_file.parent):
        return _release(
            out, config, dataset, files, previous, key=key, workers=workers, progress=progress
        )


def _release(
    out: Path,
    config: ReleaseConfig,
    dataset: Dataset,
    files: Mapping[Side, Mapping[str, Path]],
    previous: errata.Published | None,
    *,
    key: bytes,
    workers: int | None,
    progress: Progress | None,
) -> ReleaseSummary:
    ledger = read_ledger(config.private.key_file, key)
    linked = sorted(listed_pairs(dataset) | same_bytes_pairs(files))
    selected = select(dataset, config, key=key, ledger=ledger, linked=linked)
    paths = {name: path for part in files.values() for name, path in part.items()}
    place = open_workplace(out, _fingerprint(config, key, selected, paths))
    truth = _truth_file(config) if selected.has_truth and selected.test.height else None
    if not place.is_whole:
        # Before the first image is written, so that what was given once is given for good.
        ledger.write()
        parts = plan_parts(selected.rows, paths, config, place.folder)
        images = write_parts(parts, workers=workers, progress=progress)
        sources = {given: source for source, given in ledger.given["image_name"].items()}
        inputs = _Inputs(config, dataset, selected, previous, sources)
        _write_tables_and_texts(place, inputs, parts, images, truth)
    place.publish()
    record = json.loads((out / errata.RECORD).read_text(encoding="utf-8"))
    return ReleaseSummary(out, record, truth, place.went_on)


def _validate_places(data: Path, out: Path, config: ReleaseConfig) -> None:
    """Refuse an OUT that holds the key or the data, or stands inside the data."""
    # Read now, so that a slip in its path is not met after all images are written.
    citation.licence_text(config)
    whole, key = out.resolve(), config.private.key_file.resolve()
    if key.is_relative_to(whole):
        raise InputError.of(
            "The secret key would lie inside the release.",
            "Move `private.key_file` out of OUT.",
            file=key,
        )
    folder = data.resolve() if data.is_dir() else data.resolve().parent
    if folder.is_relative_to(whole) or whole.is_relative_to(folder):
        raise InputError.of("OUT and DATA lie inside each other.", "Choose another OUT.", file=out)


def _audited(data: Path) -> tuple[Dataset, dict[Side, dict[str, Path]]]:
    """Read and audit DATA; give it with the files of its images, all of which are there."""
    dataset = read_dataset(data)
    present = present_images(dataset)
    if present is None:
        raise InputError.of(
            "This is a table without images, and a release hands out images.",
            "Give the folder that holds both.",
            file=data,
        )
    found = audit(dataset, present)
    grave = [finding for finding in found.findings if finding.level == "error"]
    if grave:
        raise InputError(
            *(
                Fault(
                    f"The audit has an error, {one.code}: {one.message}",
                    one.remedy.replace(
                        ", or go on with the images that are there: --allow-missing", ""
                    ),
                    data,
                    tuple(Offender(example.value, example.row) for example in one.examples),
                    one.count,
                )
                for one in grave
            )
        )
    return dataset, named_images(dataset, present)


def _truth_file(config: ReleaseConfig) -> Path:
    return config.private.key_file.with_name(f"{config.name}-{config.version}-test-truth.csv")


def _fingerprint(
    config: ReleaseConfig, key: bytes, selected: Selected, files: Mapping[str, Path]
) -> str:
    """Give what tells these inputs from others; it says nothing of the key to who reads it."""
    digest = hmac.new(key, __version__.encode(), hashlib.sha256)
    digest.update(config.model_dump_json().encode())
    digest.update(selected.rows.write_csv().encode())
    digest.update(repr(selected.pairs).encode())
    for name in selected.rows["source_image"]:
        state = files[name].stat()
        digest.update(f"{files[name]} {state.st_size} {state.st_mtime_ns}".encode())
    return digest.hexdigest()


def _write_tables_and_texts(
    place: Workplace,
    inputs: _Inputs,
    parts: list[Part],
    images: list[WrittenImage],
    truth: Path | None,
) -> None:
    """Write all but the images, from the facts of what was written, and make a bag of it."""
    config, selected, previous = inputs.config, inputs.selected, inputs.previous
    rows: list[dict[str, str]] = []
    if previous is not None:
        found = errata.changes(previous, selected, images)
        rows = errata.explained(found, config, inputs.sources, config.private.key_file)
    written = tables.write_tables(place.data, selected, several_sources=len(config.source) > 1)
    if truth is not None:
        tables.write_truth(truth, selected)
        _write_private_errata(config, selected, previous)
    before = previous.errata if previous is not None else ()
    facts = release_facts(
        config,
        selected,
        _read_back(place.data),
        images,
        n_columns_left_out=_n_columns_left_out(inputs.dataset),
        errata=rows,
        n_errata_before=len(before),
    )
    names = [path.name for path in written]
    names += [part.archive for part in parts if part.archive is not None]
    digests = {name: file_digest(place.data / name) for name in names}
    n_bytes = sum(path.stat().st_size for path in place.data.rglob("*") if path.is_file())
    described = croissant.croissant(
        facts, columns=tables.columns_of(written), digests=digests, parts=parts
    )
    record = {
        "cygnet": __version__,
        "name": config.name,
        "version": config.version,
        "previous": None if previous is None else previous.version,
        "facts": facts.as_json(),
        "config": config.public(),
    }
    texts = {
        "README.md": datasheet.readme(facts, parts),
        "DATASHEET.md": datasheet.datasheet(facts),
        "CITATION.cff": citation.citation_cff(config),
        "CITATION.txt": citation.citation(config) + "\n",
        "LICENSE.txt": citation.licence_text(config),
        "ATTRIBUTION.md": citation.attribution_text(facts),
        "datacite.json": _json(metadata.datacite(facts, n_bytes)),
        "schema-org.jsonld": _json(metadata.schema_org(facts)),
        "croissant.json": _json(described),
        errata.RECORD: _json(record),
        errata.ERRATA: errata.errata_csv([*before, *rows]),
        IMAGE_CHECKSUMS: "".join(
            f"{image.sha256}  {image.path}\n" for image in sorted(images, key=lambda one: one.path)
        ),
    }
    for name, text in texts.items():
        write_text_whole(place.tree / name, text)
    write_bag_files(
        place.tree, title=config.title, identifier=config.doi or config.name,
        published=config.published,
    )  # fmt: skip


def _read_back(data: Path) -> Dataset:
    """Read the written tables as any user will; what Cygnet refuses is not released."""
    written = read_dataset(data)
    if not audit(written).ok:
        raise InputError.of(
            "The tables of the release do not pass the audit.",
            "Report this: the audit of DATA should have found it.",
            file=data,
        )
    return written


def _n_columns_left_out(dataset: Dataset) -> int:
    names = {name for cohort in dataset.parts for name in cohort.table.columns}
    return len(names - set(CANONICAL))


def _write_private_errata(
    config: ReleaseConfig, selected: Selected, previous: errata.Published | None
) -> None:
    """Tell the publisher, and nobody else, which test labels changed since the version before."""
    if previous is None:
        return
    before = config.private.key_file.with_name(f"{config.name}-{previous.version}-test-truth.csv")
    if before.is_file():
        found = errata.truth_changes(before, selected.test)
        file = config.private.key_file.with_name(f"{config.name}-{config.version}-test-errata.csv")
        write_private(file, errata.private_csv(found).encode())


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
