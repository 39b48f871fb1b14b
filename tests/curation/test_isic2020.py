"""Does the page of ISIC 2020 say what was published, and do catalogues accept it?"""

import json
from pathlib import Path

import jsonschema

from cygnet.curation import isic2020

SCHEMAS = Path(__file__).parent / "release" / "schemas"


def test_the_figures_are_those_that_were_published() -> None:
    facts = isic2020.facts()
    train, test = facts["parts"]["train"], facts["parts"]["test"]
    assert (train["n_images"], train["n_patients"], train["n_malignant"]) == (33_126, 2_056, 584)
    assert (test["n_images"], test["n_patients"]) == (10_982, 690)
    assert facts["n_images"] == 33_126 + 10_982
    assert sum(train["diagnosis"].values()) == 33_126
    assert sum(train["anatom_site_general_challenge"].values()) == 33_126
    assert round(train["malignant_share"], 4) == 0.0176
    assert "n_malignant" not in test
    json.dumps(dict(facts), allow_nan=False)


def test_the_words_name_the_six_sources_the_doi_and_the_licence() -> None:
    said = isic2020.description()
    assert said.doi == "10.34970/2020-ds01"
    assert said.licence.spdx == "CC-BY-NC-4.0"
    assert len(said.source) == 6
    assert "Medical University of Vienna" in {source.name for source in said.source}
    assert said.datasheet.labelling is not None
    assert "histopathology" in said.datasheet.labelling


def test_catalogues_accept_the_documents_and_read_the_year_alone() -> None:
    documents = isic2020.documents()
    schema = json.loads((SCHEMAS / "datacite-v4.5.json").read_text(encoding="utf-8"))
    datacite = documents["datacite.json"]
    assert not list(jsonschema.Draft201909Validator(schema).iter_errors(datacite))
    assert datacite["publicationYear"] == "2020"
    assert datacite["dates"] == [{"date": "2020", "dateType": "Issued"}]
    assert documents["schema-org.jsonld"]["@type"] == "Dataset"
    assert documents["schema-org.jsonld"]["datePublished"] == "2020"


def test_both_the_dataset_and_its_paper_can_be_cited() -> None:
    text = isic2020.bibtex()
    assert text.count("@") == 2
    assert "10.34970/2020-ds01" in text
    assert "10.1038/s41597-021-00815-z" in text
    assert text.count("{") == text.count("}")
    assert "10.34970/2020-ds01" in isic2020.citation()
