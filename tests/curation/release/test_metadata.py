"""Do catalogues and programs accept what a release says of itself?"""

import json
import warnings
import zipfile
from pathlib import Path

import jsonschema
import polars as pl
import pytest
import yaml

from cygnet.cohort.table import read_dataset
from small_release import Released

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


def test_croissant_is_valid_and_its_records_are_the_tables(released: Released) -> None:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    with warnings.catch_warnings():
        # rdflib warns of its own classes.
        warnings.simplefilter("ignore")
        dataset = mlcroissant.Dataset(str(released.out / "croissant.json"))
        issues = dataset.metadata.ctx.issues
        assert not issues.errors
        assert not issues.warnings
        records = list(dataset.records("training"))
        tested = list(dataset.records("test"))
        pictures = list(dataset.records("test_images"))
    table = read_dataset(released.out / "data").train.table.sort("image_name")
    assert [row["training/image_name"].decode() for row in records] == table["image_name"].to_list()
    assert [row["training/target"] for row in records] == table["target"].to_list()
    names = {row["test/image_name"] for row in tested}
    assert {row["test_images/image_name"] for row in pictures} == names
    assert all(row["test_images/picture"].size[0] >= 16 for row in pictures)
    assert read(released.out / "croissant.json")["conformsTo"][0] == (  # type: ignore[index]
        "http://mlcommons.org/croissant/1.1"
    )


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
