"""How do findings look in FHIR R4? A collection of observations, each of one lesion.

One Device (the model), one Patient without identity, and an Observation a lesion, preliminary, with
the probability in per cent or the reason why there is none. Identifiers follow from the pictures,
so that the same reading gives the same document, but for its hour.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from cygnet.site.reader import codes
from cygnet.site.reader.codes import Concept
from cygnet.site.reader.findings import Finding, Findings

_SPACE = uuid.UUID("6b1e51f6-9a4f-5d0e-9d6c-2f1c6a1f0b7e")
_SEXES = {"female": "female", "male": "male"}


def bundle_of(findings: Findings, made: datetime | None = None) -> dict[str, Any]:
    """Give the Bundle of ``findings``, as JSON; ``made`` is when, now where it is not told."""
    moment = (made or datetime.now(UTC)).isoformat(timespec="seconds")
    key = "/".join(one.digest for one in findings.lesions)
    device, patient = _urn(f"device/{findings.model}"), _urn(f"patient/{key}")
    entries = [
        _entry(device, _device(findings)),
        _entry(patient, _patient(findings)),
        *(
            _entry(
                _urn(f"lesion/{one.number}/{key}"),
                _observation(one, findings, patient, device, moment),
            )
            for one in findings.lesions
        ),
    ]
    return {
        "resourceType": "Bundle",
        "id": uuid.uuid5(_SPACE, key).hex,
        "type": "collection",
        "timestamp": moment,
        "entry": entries,
    }


def _urn(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_SPACE, name)}"


def _entry(url: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {"fullUrl": url, "resource": {"id": url.removeprefix("urn:uuid:"), **resource}}


def _device(findings: Findings) -> dict[str, Any]:
    return {
        "resourceType": "Device",
        "text": _text(f"{findings.model}. {findings.statement}"),
        "status": "active",
        "deviceName": [{"name": findings.model, "type": "model-name"}],
        "version": [{"value": findings.version}],
        "note": [{"text": findings.statement}],
    }


def _patient(findings: Findings) -> dict[str, Any]:
    said = f"Age {findings.age_years:g} years" if findings.age_years is not None else "Age unknown"
    return {
        "resourceType": "Patient",
        "text": _text(f"{said}, sex {findings.sex or 'unknown'}. Nothing else is known."),
        "gender": _SEXES.get(findings.sex or "", "unknown"),
    }


def _observation(
    one: Finding, findings: Findings, patient: str, device: str, moment: str
) -> dict[str, Any]:
    notes = [*one.cautions, one.frequency, one.note, findings.verdict, findings.statement]
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "text": _text(f"Lesion {one.number}. {one.frequency} {findings.statement}"),
        "status": "preliminary",
        "code": {
            **_coded(codes.PROBABILITY_OF_CANCER),
            "text": "Probability of melanoma given by the model",
        },
        "subject": {"reference": patient},
        "effectiveDateTime": moment,
        "device": {"reference": device},
        "method": _coded(codes.DERMOSCOPY),
        "note": [{"text": text} for text in notes if text],
        "component": [_place(one)],
    }
    if one.region is not None:
        found["bodySite"] = _body_site(one)
    if one.probability is None:
        found["dataAbsentReason"] = {"text": "The model's evaluation holds nothing like this."}
        return found
    found["valueQuantity"] = _percent(one.probability)
    if one.lower is not None and one.upper is not None:
        found["component"].append(
            {
                "code": {"text": "Lowest and highest fold of the model"},
                "valueRange": {"low": _percent(one.lower), "high": _percent(one.upper)},
            }
        )
    for label, value in (("Alone", one.alone), ("With patient context", one.beside)):
        if value is not None:
            found["component"].append(
                {"code": {"text": label}, "valueQuantity": _percent(value)},
            )
    return found


def _place(one: Finding) -> dict[str, Any]:
    code = {"text": "Place in the order of attention"}
    if one.place is None:
        return {"code": code, "valueString": "without a place: to be looked at by a person"}
    return {"code": code, "valueInteger": one.place}


def _body_site(one: Finding) -> dict[str, Any]:
    region = one.region or codes.SKIN
    coding = [_coding(region)]
    if one.side is not None:
        coding.append(_coding(codes.SIDES[one.side]))
    return {"coding": coding, "text": one.where or region.meaning}


def _percent(probability: float) -> dict[str, Any]:
    return {
        "value": round(100 * probability, 2),
        "unit": "%",
        "system": codes.PERCENT.uri,
        "code": codes.PERCENT.code,
    }


def _coded(one: Concept) -> dict[str, Any]:
    return {"coding": [_coding(one)]}


def _coding(one: Concept) -> dict[str, str]:
    return {"system": one.uri, "code": one.code, "display": one.meaning}


def _text(said: str) -> dict[str, str]:
    from html import escape

    body = f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{escape(said)}</p></div>'
    return {"status": "generated", "div": body}
