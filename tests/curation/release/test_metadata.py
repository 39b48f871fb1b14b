"""Do catalogues and programs accept what a release says of itself?"""

import json
import os
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import jsonschema
import polars as pl
import pytest
import yaml

from cygnet.cohort.table import read_dataset
from cygnet.curation.release.release import write_release
from small_release import SECTIONS, Released, config

SCHEMAS = Path(__file__).parent / "schemas"


def schema(name: str) -> dict[str, object]:
    document: dict[str, object] = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return document


def read(file: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return document


def test_datacite_json_is_valid_by_its_schema(released: Released) -> None:
    document = read(released.out / "datacite.json")
    validator = jsonschema.Draft201909Validator(schema("datacite-v4.5.json"))
    assert not list(validator.iter_errors(document))
    assert document["doi"] == "10.1234/small"
    del document["publisher"]
    assert list(validator.iter_errors(document))


def test_citation_cff_is_valid_by_its_schema(released: Released) -> None:
    document = yaml.safe_load((released.out / "CITATION.cff").read_text(encoding="utf-8"))
    validator = jsonschema.Draft7Validator(schema("cff-1.2.0.json"))
    assert not list(validator.iter_errors(document))
    assert document["authors"][0]["family-names"] == "Doe"
    document["type"] = "picture"
    assert list(validator.iter_errors(document))


READING = """
import json, sys, mlcroissant
dataset = mlcroissant.Dataset(sys.argv[1])
issues = dataset.metadata.ctx.issues
said = {"errors": sorted(issues.errors), "warnings": sorted(issues.warnings)}
for name in ("training", "test", "test_images"):
    said[name] = [
        {
            key.split("/")[1]: value.decode() if isinstance(value, bytes)
            else value if isinstance(value, (int, float, str)) else list(value.size)
            for key, value in record.items()
        }
        for record in dataset.records(name)
    ]
print(json.dumps(said))
"""


@pytest.mark.parametrize("package", ["zip", "folder"])
def test_croissant_is_valid_and_its_records_are_the_tables(
    released: Released, tmp_path: Path, package: str
) -> None:
    pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    out = released.out
    if package == "folder":
        settings = config(tmp_path, SECTIONS.replace(', "dicom"', "") + 'package = "folder"\n')
        out = write_release(released.data, tmp_path / "out", settings, workers=1).out
    # By itself: the library unpacks archives into a cache that is chosen when it is imported.
    done = subprocess.run(
        [sys.executable, "-c", READING, str(out / "croissant.json")],
        env=os.environ | {"CROISSANT_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["errors"], said["warnings"]) == ([], [])
    dataset = read_dataset(out / "data")
    assert dataset.test is not None
    train, test = dataset.train.table, dataset.test.table
    for column in ("image_name", "patient_id", "lesion_id", "target", "diagnosis"):
        assert [row[column] for row in said["training"]] == train[column].to_list()
    assert [row["image_name"] for row in said["test"]] == test["image_name"].to_list()
    assert {row["image_name"] for row in said["test_images"]} == set(test["image_name"])
    assert all(min(row["picture"]) >= 16 for row in said["test_images"])
    document = read(out / "croissant.json")
    assert document["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"  # type: ignore[index]


def test_schema_org_json_ld_expands_to_a_dataset(released: Released) -> None:
    document = read(released.out / "schema-org.jsonld")
    rdflib = pytest.importorskip("rdflib", reason="rdflib, of mlcroissant, is not installed")
    # The context of schema.org itself is not fetched: its vocabulary is its address.
    document["@context"] = {"@vocab": "https://schema.org/"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = rdflib.Graph().parse(data=json.dumps(document), format="json-ld")
    schema_org = rdflib.Namespace("https://schema.org/")
    (dataset,) = graph.subjects(rdflib.RDF.type, schema_org.Dataset)
    assert str(graph.value(dataset, schema_org.version)) == "1.0.0"
    assert len(list(graph.objects(dataset, schema_org.creator))) == 2
    assert len(str(graph.value(dataset, schema_org.description))) > 10


def test_every_number_of_the_datasheet_is_the_tables(released: Released) -> None:
    dataset = read_dataset(released.out / "data")
    train = dataset.train.table
    sheet = (released.out / "DATASHEET.md").read_text(encoding="utf-8")
    assert dataset.test is not None
    n_test = dataset.test.table.height
    assert f"| Images | {train.height} | {n_test} |" in sheet
    patients = train["patient_id"].n_unique(), dataset.test.table["patient_id"].n_unique()
    assert f"| Patients | {patients[0]} | {patients[1]} |" in sheet
    malignant = int(train["target"].sum())
    assert f"| Melanoma images | {malignant} | not given |" in sheet
    assert f"Melanoma among training images: {100 * malignant / train.height:.2f} %." in sheet
    for value, count in train["diagnosis"].value_counts().iter_rows():
        assert f"{value} {count}" in sheet
    assert "(2 columns)" in sheet
    n_bytes = 0
    for archive in (released.out / "data").glob("*.zip"):
        with zipfile.ZipFile(archive) as opened:
            n_bytes += sum(entry.file_size for entry in opened.infolist())
    n_files = 2 * (train.height + n_test)
    assert f"{n_files:,} image files of {n_bytes:,} bytes" in sheet
    assert sheet.count("*Not stated by the publisher.*") == 8


def test_the_citation_and_the_licence_say_who_and_how(released: Released) -> None:
    line = (released.out / "CITATION.txt").read_text(encoding="utf-8")
    assert line == (
        "Doe, Jane; Example Clinic (2026). A small dataset (version 1.0.0) [data set]."
        " Example Clinic. https://doi.org/10.1234/small\n"
    )
    assert "CC-BY-NC-4.0" in (released.out / "LICENSE.txt").read_text(encoding="utf-8")


def test_the_errata_of_a_first_version_are_a_header(released: Released) -> None:
    table = pl.read_csv(released.out / "errata.csv")
    assert table.height == 0
    assert table.columns[:3] == ["version", "image_name", "change"]
