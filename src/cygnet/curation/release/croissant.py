"""How does a learning program load the dataset? Croissant 1.1: files, columns, and how they join.

Paths are relative to the release, so that a copy of it loads as it is. Tables and archives carry
their checksums.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cygnet.curation.release.bag import PAYLOAD
from cygnet.curation.release.citation import citation
from cygnet.curation.release.config import ImageFormat
from cygnet.curation.release.facts import ReleaseFacts
from cygnet.curation.release.metadata import described
from cygnet.curation.release.parts import Part, image_folder
from cygnet.curation.release.tables import GROUND_TRUTH, GROUND_TRUTH_V2, TEST_METADATA

_CONFORMS_TO: Final = "http://mlcommons.org/croissant/1.1"
_NAME: Final = r"([^\/]*)\.jpg"
_RAI: Final = "http://mlcommons.org/croissant/RAI/1.0"

# The context that the specification asks for.
_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}

_COLUMNS: Final = {
    "image_name": ("sc:Text", "Identifier of the image; its file is called so."),
    "patient_id": ("sc:Text", "Identifier of the patient; no patient is in two parts."),
    "lesion_id": ("sc:Text", "Identifier of the lesion that the image shows."),
    "sex": ("sc:Text", "female or male; empty where not known."),
    "age_approx": ("sc:Float", "Age in years when the image was taken, rounded."),
    "anatom_site_general_challenge": ("sc:Text", "Where on the body the lesion is."),
    "diagnosis": ("sc:Text", "Diagnosis of the lesion."),
    "benign_malignant": ("sc:Text", "benign or malignant."),
    "target": ("sc:Integer", "1 for melanoma, 0 for any other lesion."),
}
_FORMATS: Final[dict[ImageFormat, tuple[str, str]]] = {
    "jpeg": ("image/jpeg", "jpg"),
    "dicom": ("application/dicom", "dcm"),
}


def croissant(
    facts: ReleaseFacts,
    *,
    columns: Mapping[str, Sequence[str]],
    digests: Mapping[str, str],
    parts: Sequence[Part],
) -> dict[str, Any]:
    """Give the Croissant description.

    ``columns`` are those of each table by its name, ``digests`` the SHA-256 of each file of the
    payload by its path under ``data/``.
    """
    config = facts.config
    tables = [_file(name, "text/csv", digests[name], "A table of the release.") for name in columns]
    train_table = GROUND_TRUTH_V2 if GROUND_TRUTH_V2 in columns else GROUND_TRUTH
    record_sets = [_records("training", train_table, columns[train_table])]
    if TEST_METADATA in columns:
        record_sets.append(_records("test", TEST_METADATA, columns[TEST_METADATA]))
    archives = [
        _file(part.archive, "application/zip", digests[part.archive], "A part of the images.")
        for part in parts
        if part.archive is not None
    ]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [_CONFORMS_TO, _RAI],
        "citeAs": citation(config),
        "rai:personalSensitiveInformation": (
            "Sex, approximate age and anatomical site of patients under random identifiers;"
            " no dates, no free text, no EXIF."
        ),
        **described(config),
        "distribution": [*tables, *archives, *_image_sets(parts)],
        "recordSet": [*record_sets, *_image_records(parts)],
    }


def _file(name: str, mime: str, digest: str, description: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": description,
        "contentUrl": f"{PAYLOAD}/{name}",
        "encodingFormat": mime,
        "sha256": digest,
    }


def _image_sets(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Describe the images of each format and side; they are in archives, or in folders."""
    sets = []
    for image_format, train in sorted({(part.image_format, _is_train(part)) for part in parts}):
        mine = [p for p in parts if (p.image_format, _is_train(p)) == (image_format, train)]
        mime, suffix = _FORMATS[image_format]
        side = "training" if train else "test"
        folder = image_folder(image_format, train=train)
        described_set: dict[str, Any] = {
            "@type": "cr:FileSet",
            "@id": f"{side}-{image_format}",
            "name": f"{side}-{image_format}",
            "description": f"The {side} images.",
            "encodingFormat": mime,
            "includes": f"{folder}/*.{suffix}",
        }
        archives = [{"@id": part.archive} for part in mine if part.archive is not None]
        if archives:
            described_set["containedIn"] = archives
        else:
            described_set["includes"] = f"{PAYLOAD}/{folder}/*.{suffix}"
        sets.append(described_set)
    return sets


def _is_train(part: Part) -> bool:
    return part.folder == image_folder(part.image_format, train=True)


def _records(name: str, table: str, columns: Sequence[str]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": f"The {name} images, a record an image ({Path(table).stem}).",
        "key": {"@id": f"{name}/image_name"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": column,
                "description": _COLUMNS[column][1],
                "dataType": _COLUMNS[column][0],
                "source": {"fileObject": {"@id": table}, "extract": {"column": column}},
            }
            for column in columns
        ],
    }


def _image_records(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Describe the JPEG pictures, a record a file, each under the image_name of its table."""
    records = []
    for train in sorted({_is_train(part) for part in parts if part.image_format == "jpeg"}):
        side = "training" if train else "test"
        name = f"{side}_images"
        source: dict[str, Any] = {"fileSet": {"@id": f"{side}-jpeg"}}
        file_name = {"extract": {"fileProperty": "filename"}, "transform": {"regex": _NAME}}
        content = {"extract": {"fileProperty": "content"}}
        records.append(
            {
                "@type": "cr:RecordSet",
                "@id": name,
                "name": name,
                "description": f"The {side} pictures.",
                "key": {"@id": f"{name}/image_name"},
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"{name}/image_name",
                        "name": "image_name",
                        "description": _COLUMNS["image_name"][1],
                        "dataType": "sc:Text",
                        "source": source | file_name,
                        "references": {"field": {"@id": f"{side}/image_name"}},
                    },
                    {
                        "@type": "cr:Field",
                        "@id": f"{name}/picture",
                        "name": "picture",
                        "description": "The picture.",
                        "dataType": "sc:ImageObject",
                        "source": source | content,
                    },
                ],
            }
        )
    return records
