"""How do catalogues learn of the dataset? DataCite 4 JSON and schema.org JSON-LD.

Both quote the figures of the release and say nothing that the configuration does not.
"""

from collections.abc import Sequence
from typing import Any

from cygnet.curation.release.citation import citation
from cygnet.curation.release.config import Creator, DatasetDescription, ImageFormat
from cygnet.curation.release.facts import ReleaseFacts

_DATACITE = "http://datacite.org/schema/kernel-4"
_VARIABLES = ("sex", "age", "anatomical site", "diagnosis", "benign or malignant")
_MIME = {"jpeg": "image/jpeg", "dicom": "application/dicom"}


def datacite(facts: ReleaseFacts, n_bytes: int) -> dict[str, Any]:
    """Give the metadata of a DOI (DataCite 4); ``n_bytes`` is the size of the payload."""
    sizes = [f"{facts.n_images} images", f"{facts.n_patients} patients", f"{n_bytes} bytes"]
    return datacite_of(facts.config, sizes=sizes, formats=facts.config.images.formats)


def datacite_of(
    config: DatasetDescription, *, sizes: Sequence[str], formats: Sequence[ImageFormat]
) -> dict[str, Any]:
    """Give DataCite 4 of a dataset by its description."""
    document: dict[str, Any] = {
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Dermoscopic images"},
        "creators": [_datacite_creator(creator) for creator in config.creator],
        "titles": [{"title": config.title}],
        "publisher": {"name": config.publisher},
        "publicationYear": str(config.published.year),
        "subjects": [{"subject": word} for word in config.keywords],
        "dates": [{"date": config.published.isoformat(), "dateType": "Issued"}],
        "language": "en",
        "version": config.version,
        "rightsList": [
            {
                "rights": config.licence.name,
                "rightsUri": config.licence.url,
                "rightsIdentifier": config.licence.spdx,
                "rightsIdentifierScheme": "SPDX",
                "schemeUri": "https://spdx.org/licenses/",
            }
        ],
        "descriptions": [{"description": config.description, "descriptionType": "Abstract"}],
        "sizes": list(sizes),
        "formats": [*(_MIME[name] for name in formats), "text/csv"],
        "schemaVersion": _DATACITE,
    }
    if config.doi:
        document["doi"] = config.doi
    if config.url:
        document["url"] = config.url
    return document


def _datacite_creator(creator: Creator) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": creator.shown,
        "nameType": "Organizational" if creator.name else "Personal",
    }
    if creator.family:
        document["familyName"] = creator.family
    if creator.given:
        document["givenName"] = creator.given
    if creator.orcid:
        document["nameIdentifiers"] = [
            {
                "nameIdentifier": f"https://orcid.org/{creator.orcid}",
                "nameIdentifierScheme": "ORCID",
                "schemeUri": "https://orcid.org",
            }
        ]
    if creator.affiliation:
        document["affiliation"] = [{"name": creator.affiliation}]
    return document


def schema_org(facts: ReleaseFacts) -> dict[str, Any]:
    """Give the JSON-LD that a page about the dataset embeds (schema.org/Dataset)."""
    return schema_org_of(facts.config)


def schema_org_of(config: DatasetDescription) -> dict[str, Any]:
    """Give the JSON-LD of a dataset by its description."""
    return {"@context": "https://schema.org/", "@type": "Dataset"} | described(config)


def described(config: DatasetDescription) -> dict[str, Any]:
    """Give the properties of schema.org/Dataset, as both JSON-LD files have them."""
    document: dict[str, Any] = {
        "name": config.title,
        "description": config.description,
        "version": config.version,
        "datePublished": config.published.isoformat(),
        "license": config.licence.url,
        "creator": [_schema_org_creator(creator) for creator in config.creator],
        "publisher": {"@type": "Organization", "name": config.publisher},
        "keywords": list(config.keywords),
        "creditText": citation(config),
        "isAccessibleForFree": True,
        "variableMeasured": list(_VARIABLES),
    }
    if config.doi:
        document["identifier"] = f"https://doi.org/{config.doi}"
    if config.url:
        document["url"] = config.url
    return document


def _schema_org_creator(creator: Creator) -> dict[str, Any]:
    if creator.name:
        return {"@type": "Organization", "name": creator.name}
    document: dict[str, Any] = {"@type": "Person", "familyName": creator.family}
    document["name"] = f"{creator.given} {creator.family}" if creator.given else creator.family
    if creator.given:
        document["givenName"] = creator.given
    if creator.orcid:
        document["@id"] = f"https://orcid.org/{creator.orcid}"
    if creator.affiliation:
        document["affiliation"] = {"@type": "Organization", "name": creator.affiliation}
    return document
