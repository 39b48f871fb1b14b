"""How is the dataset cited, under which licence, and who is thanked? Texts and CITATION.cff."""

import json
from typing import Any

from cygnet.curation.release.config import Creator, DatasetDescription, ReleaseConfig
from cygnet.curation.release.facts import ReleaseFacts
from cygnet.errors import InputError


def citation(config: DatasetDescription) -> str:
    """Give the citation in one line: creators, year, title, version, publisher, address."""
    creators = "; ".join(creator.shown for creator in config.creator)
    where = f"https://doi.org/{config.doi}" if config.doi else (config.url or "")
    end = f" {where}" if where else ""
    return (
        f"{creators} ({config.published.year}). {config.title} (version {config.version})"
        f" [data set]. {config.publisher}.{end}"
    )


# What TeX reads as a command; the braces and backslashes of a title come out as they went in.
_TEX = {mark: "\\" + mark for mark in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def bibtex(config: DatasetDescription) -> str:
    r"""Give the citation as BibTeX (``@misc``, which every style knows).

    >>> _tex("50 % of {nevi} & more")
    '50 \\% of \\{nevi\\} \\& more'
    """
    organisations = {creator.shown for creator in config.creator if creator.name}
    authors = " and ".join(
        f"{{{_tex(creator.shown)}}}" if creator.shown in organisations else _tex(creator.shown)
        for creator in config.creator
    )
    fields = {
        "author": authors,
        "title": f"{{{_tex(config.title)}}}",
        "year": str(config.published.year),
        "publisher": _tex(config.publisher),
        "version": config.version,
        "doi": config.doi,
        "url": f"https://doi.org/{config.doi}" if config.doi else config.url,
        "note": "Data set",
    }
    key = f"{config.name}-{config.version}"
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value is not None]
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}\n"


def _tex(text: str) -> str:
    return "".join(_TEX.get(mark, mark) for mark in text)


def citation_cff(config: DatasetDescription) -> str:
    r"""Give CITATION.cff (Citation File Format 1.2.0); every scalar is written as JSON, also YAML.

    >>> print(_yaml("title", 'A "twin": second'), end="")
    title: "A \"twin\": second"
    """
    fields: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this dataset, please cite it as below.",
        "type": "dataset",
        "title": config.title,
        "abstract": config.description,
        "version": config.version,
        "date-released": config.published.isoformat(),
        "license": config.licence.spdx,
        "doi": config.doi,
        "url": config.url,
        "keywords": list(config.keywords) or None,
    }
    text = "".join(_yaml(key, value) for key, value in fields.items() if value is not None)
    return text + "authors:\n" + "".join(_author(creator) for creator in config.creator)


def _yaml(key: str, value: str | list[str]) -> str:
    if isinstance(value, list):
        items = "".join(f"  - {json.dumps(item, ensure_ascii=False)}\n" for item in value)
        return f"{key}:\n{items}"
    return f"{key}: {json.dumps(value, ensure_ascii=False)}\n"


def _author(creator: Creator) -> str:
    fields = {
        "name": creator.name,
        "family-names": creator.family,
        "given-names": creator.given,
        "orcid": f"https://orcid.org/{creator.orcid}" if creator.orcid else None,
        # An entity of the format has no affiliation.
        "affiliation": creator.affiliation if creator.family else None,
    }
    lines = [_yaml(key, value) for key, value in fields.items() if value is not None]
    return "  - " + "    ".join(lines)


def licence_text(config: ReleaseConfig) -> str:
    """Give the licence file: which licence, of what, and its full text where that was given.

    Raises :class:`InputError` when that text cannot be read.
    """
    licence = config.licence
    text = (
        f"{config.title}, version {config.version}\n\n"
        f"{licence.name} ({licence.spdx})\n{licence.url}\n\n"
        f"When you use or pass on any part of it, cite:\n{citation(config)}\n"
        "and name the sources in ATTRIBUTION.md.\n"
    )
    if licence.text_file is not None:
        try:
            text += "\n" + licence.text_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError.of(
                f"The text of the licence cannot be read ({error}).",
                "Correct `licence.text_file`, or leave it out.",
                file=licence.text_file,
            ) from error
    return text


def attribution_text(facts: ReleaseFacts) -> str:
    """Give ATTRIBUTION.md: for each source its images, whom to thank, and its licence."""
    config = facts.config
    lines = [f"# Attribution of {config.title}, version {config.version}", ""]
    for source in config.source:
        terms = source.licence or f"{config.licence.name} ({config.licence.spdx})"
        lines += [
            f"## {source.name}",
            "",
            f"- Images: {facts.by_source[source.name]:,}",
            f"- Attribution: {source.attribution}",
            f"- Licence: {terms}",
            "",
        ]
    if len(config.source) > 1:
        lines += ["The source of each image stands in data/ISIC_2020_Attribution.csv.", ""]
    return "\n".join(lines)
