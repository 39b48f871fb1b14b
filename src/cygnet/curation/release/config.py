"""What is to be released, by whom, and how? One frozen, typed ``release.toml``.

An unknown key is refused. Relative paths are taken from the folder of the file. What must never
stand in a release (the key, the source of the data, the ids in errata) is under ``private``,
``previous`` and ``erratum``; :meth:`ReleaseConfig.public` leaves those out.
"""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cygnet.errors import Fault, InputError

Text = Annotated[str, Field(min_length=1)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Fraction = Annotated[float, Field(gt=0.0, lt=1.0)]
ImageFormat = Literal["jpeg", "dicom"]
Change = Literal["image-added", "image-removed", "image-changed", "row-changed", "label-changed"]


class Frozen(BaseModel):
    """A section of the configuration: immutable, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Creator(Frozen):
    """A person (``family`` and ``given``) or an organisation (``name``) that made the dataset."""

    name: Text | None = None
    family: Text | None = None
    given: Text | None = None
    orcid: Annotated[str, Field(pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$")] | None = None
    affiliation: Text | None = None

    @model_validator(mode="after")
    def _one_kind_of_name(self) -> "Creator":
        if (self.name is None) == (self.family is None):
            raise ValueError("give `name` for an organisation, or `family` and `given`")
        return self

    @property
    def shown(self) -> str:
        """The name as a citation gives it."""
        if self.name is not None:
            return self.name
        return f"{self.family}, {self.given}" if self.given else str(self.family)


class Licence(Frozen):
    """Under which terms it is given: an SPDX identifier, its name and address, its full text."""

    spdx: Word
    name: Text
    url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    text_file: Path | None = None


class Source(Frozen):
    """Where images come from; ``value`` is what ``tables.source_column`` says of their rows."""

    name: Text
    value: str | None = None
    attribution: Text
    licence: Text | None = None


class Private(Frozen):
    """What stays with the publisher: the key, and beside it the ledger and the test labels."""

    key_file: Path


class Split(Frozen):
    """Who is tested. Without ``test_share`` the split of DATA is kept as it is."""

    test_share: Fraction | None = None
    public_share: Fraction = 0.3
    test_truth: Path | None = None


class Selection(Frozen):
    """Which images go in. ``min_lesions_a_patient`` counts after ``one_image_a_lesion``."""

    one_image_a_lesion: bool = False
    min_lesions_a_patient: Annotated[int, Field(ge=1)] = 1


class Tables(Frozen):
    """How cells are made fit to be published."""

    source_column: Text | None = None
    age_step_years: Annotated[int, Field(ge=1, le=20)] = 5
    oldest_age_years: Annotated[int, Field(ge=50, le=120)] = 90
    more_diagnoses: tuple[Text, ...] = ()


class ImageRules(Frozen):
    """How images are handed out. ``orientation`` is for those whose EXIF asks to be turned."""

    formats: Annotated[tuple[ImageFormat, ...], Field(min_length=1, max_length=2)] = ("jpeg",)
    package: Literal["zip", "folder"] = "zip"
    part_mb: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    orientation: Literal["refuse", "stored"] = "refuse"
    decode: bool = True

    @model_validator(mode="after")
    def _each_once(self) -> "ImageRules":
        if len(set(self.formats)) != len(self.formats):
            raise ValueError("name each format once")
        return self


class Previous(Frozen):
    """The release before this one: its folder, as it was published."""

    folder: Path


class Erratum(Frozen):
    """Why something changed: for these images (source or released ids), or for every ``change``."""

    reason: Text
    change: Change | None = None
    images: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _says_what(self) -> "Erratum":
        if self.change is None and not self.images:
            raise ValueError("say for which `images`, or for which `change`, or both")
        return self


class Datasheet(Frozen):
    """What only the publisher knows; a section that is left out stays visibly open."""

    motivation: Text | None = None
    collection: Text | None = None
    labelling: Text | None = None
    consent_and_ethics: Text | None = None
    intended_uses: Text | None = None
    uses_to_avoid: Text | None = None
    maintenance: Text | None = None
    contact: Text | None = None


class DatasetDescription(Frozen):
    """What is said of a dataset: its names, its makers, its licence, where its images come from."""

    name: Word
    title: Text
    version: Annotated[str, Field(pattern=r"^\d+(\.\d+){0,2}$")]
    published: date
    description: Text
    publisher: Text
    keywords: tuple[Text, ...] = ("dermoscopy", "melanoma")
    doi: Annotated[str, Field(pattern=r"^10\.\d{4,9}/\S+$")] | None = None
    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    creator: Annotated[tuple[Creator, ...], Field(min_length=1)]
    licence: Licence
    source: Annotated[tuple[Source, ...], Field(min_length=1)]
    datasheet: Datasheet = Datasheet()


class ReleaseConfig(DatasetDescription):
    """All that makes a release, but the data."""

    private: Private
    split: Split = Split()
    selection: Selection = Selection()
    tables: Tables = Tables()
    images: ImageRules = ImageRules()
    previous: Previous | None = None
    erratum: tuple[Erratum, ...] = ()

    @model_validator(mode="after")
    def _sources_can_be_told(self) -> "ReleaseConfig":
        values = [source.value for source in self.source]
        if len(values) > 1 and (self.tables.source_column is None or None in values):
            raise ValueError(
                "several sources need `tables.source_column`, and each a `value` of that column"
            )
        if len(set(values)) != len(values):
            raise ValueError("two sources have the same `value`")
        return self

    def public(self) -> dict[str, Any]:
        """Give what may be published of it, ready for JSON: no key, no folder, no ids."""
        hidden: dict[str, Any] = {
            "private": True,
            "previous": True,
            "erratum": True,
            "split": {"test_truth"},
            "licence": {"text_file"},
        }
        return self.model_dump(mode="json", exclude=hidden, exclude_none=True)


def read_release_config(file: Path) -> ReleaseConfig:
    """Read ``release.toml``, with its relative paths made to start from its own folder.

    Raises :class:`InputError` for a file that is not there, is not UTF-8 or no TOML, an unknown
    key, and a value out of range: a fault a key.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError.of(
            f"This file cannot be read ({error.strerror}).", "Check the path.", file=file
        ) from error
    except UnicodeDecodeError as error:
        raise InputError.of("This is not UTF-8 text.", "Save it as UTF-8.", file=file) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError.of(f"This is not TOML: {error}.", "Mend it.", file=file) from error
    try:
        config = ReleaseConfig.model_validate(document)
    except ValidationError as error:
        faults = (
            Fault(
                f"`{'.'.join(str(part) for part in found['loc']) or 'release.toml'}`:"
                f" {found['msg']}.",
                "Mend or remove this key; docs/how-to/publish-a-dataset.md shows them all.",
                file,
            )
            for found in error.errors(include_url=False)
        )
        raise InputError(*faults) from error
    return _with_paths_from(config, file.parent)


def _with_paths_from(config: ReleaseConfig, folder: Path) -> ReleaseConfig:
    def moved(path: Path | None) -> Path | None:
        return None if path is None else (folder / path.expanduser()).resolve()

    updates: dict[str, Any] = {
        "private": config.private.model_copy(update={"key_file": moved(config.private.key_file)}),
        "split": config.split.model_copy(update={"test_truth": moved(config.split.test_truth)}),
        "licence": config.licence.model_copy(update={"text_file": moved(config.licence.text_file)}),
    }
    if config.previous is not None:
        updates["previous"] = Previous(folder=folder / config.previous.folder.expanduser())
    return config.model_copy(update=updates)
