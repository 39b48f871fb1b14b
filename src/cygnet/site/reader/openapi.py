"""How is ``POST /v1/read`` called? The OpenAPI 3.1 document, made of the answers' own shapes."""

from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from cygnet import __version__
from cygnet.site.reader.answers import ErrorsShape, ProgressShape, ReadingShape, ResultShape
from cygnet.site.reader.uploads import MOST_IMAGES
from cygnet.vocabulary import SEXES, SITES

_REFERENCE = "#/components/schemas/{model}"
_REFUSALS = {
    "400": "The form cannot be read.",
    "401": "The token is missing or wrong.",
    "403": "Another site sent this.",
    "411": "The request does not say how long it is.",
    "413": "The files together are too large.",
    "421": "The reader does not answer under that name.",
}
_BUSY = "All places are taken; Retry-After says when to come again."


@cache
def document() -> dict[str, Any]:
    """Give the whole document."""
    shapes = (ReadingShape, ProgressShape, ResultShape, ErrorsShape)
    _, schemas = models_json_schema(
        [(shape, "serialization") for shape in shapes], ref_template=_REFERENCE
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cygnet reader",
            "version": __version__,
            "summary": "One patient's lesions in order of attention.",
            "description": "Research use only; not a medical device. Nothing that is sent is kept.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {"/v1/read": {"post": _read()}},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _read() -> dict[str, Any]:
    return {
        "operationId": "read",
        "summary": "Read one patient's pictures",
        "description": "Answers as JSON, or with Accept: application/x-ndjson as lines: one when "
        "each file is done, and the result last.",
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["images"],
                        "properties": {
                            "images": {
                                "type": "array",
                                "items": {"type": "string", "format": "binary"},
                                "minItems": 1,
                                "maxItems": MOST_IMAGES,
                            },
                            "age": {"type": "number", "minimum": 0, "maximum": 120},
                            "sex": {"type": "string", "enum": list(SEXES)},
                            "site": {
                                "type": "string",
                                "enum": list(SITES),
                                "description": "The body site; repeat it to give one a picture.",
                            },
                        },
                    }
                }
            },
        },
        "responses": {
            "200": {
                "description": "What was read; files that were not stand under faults.",
                "content": {
                    "application/json": {"schema": _ref("ReadingShape")},
                    "application/x-ndjson": {
                        "schema": {"oneOf": [_ref("ProgressShape"), _ref("ResultShape")]}
                    },
                },
            },
            "422": {
                "description": "No picture could be read, or a field cannot be taken.",
                "content": {
                    "application/json": {
                        "schema": {"anyOf": [_ref("ErrorsShape"), _ref("ReadingShape")]}
                    }
                },
            },
            "503": {
                "description": _BUSY,
                "headers": {"Retry-After": {"schema": {"type": "integer"}}},
                "content": {"application/json": {"schema": _ref("ErrorsShape")}},
            },
            **{
                status: {
                    "description": words,
                    "content": {"application/json": {"schema": _ref("ErrorsShape")}},
                }
                for status, words in _REFUSALS.items()
            },
        },
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=name)}
