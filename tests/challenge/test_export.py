import json
from datetime import date

import pytest

from challenge_cohort import settings
from cygnet.challenge.bias_checklist import (
    OPEN,
    ContestFacts,
    PartFacts,
    bias_items,
    bias_markdown,
)
from cygnet.challenge.crate import CrateExport, CrateFile, crate_document
from cygnet.errors import InputError

FACTS = ContestFacts(
    public=PartFacts(n_images=3264, n_patients=207),
    private=PartFacts(n_images=7718, n_patients=483),
    n_teams=3314,
    n_submissions=31000,
    url="https://example.org/isic2020",
    dataset="SIIM-ISIC 2020",
    doi="10.34970/2020-ds01",
    licence="CC-BY-NC 4.0",
    commitment="ab" * 32,
    version="0.1.0",
)


def test_the_checklist_has_its_29_items() -> None:
    items = bias_items(settings(), FACTS)
    numbers = [item.number for item in items]
    assert len(set(numbers)) == len(numbers)
    assert {int(number.rstrip("abcdef")) for number in numbers} == set(range(1, 30))


def test_no_sentence_is_written_without_its_fact() -> None:
    known = {item.number: item for item in bias_items(settings(), FACTS)}
    blank = {item.number: item for item in bias_items(settings(), ContestFacts())}
    for number in ("6c", "11", "13", "16b", "22b"):
        assert known[number].text is not None
        assert blank[number].text is None
        assert blank[number].left == OPEN
    assert "3,264 images of 207 patients" in str(known["22b"].text)
    assert known["22b"].left == "The training cases."
    assert known["10"].text is None


def test_settings_are_told_as_they_are() -> None:
    items = {i.number: i for i in bias_items(settings(total_limit=40, blind=True), FACTS)}
    assert "5 files a UTC day and 40 in all" in str(items["8a"].text)
    assert items["8b"].text == "No score is told before the close."
    assert "2020-08-17 23:59:00 UTC" in str(items["9"].text)


def test_the_draft_counts_what_is_open() -> None:
    items = bias_items(settings(), FACTS)
    text = bias_markdown(items, title="A contest")
    drafted = sum(item.text is not None for item in items)
    assert f"{drafted} of {len(items)} are drafted" in text
    assert text.count("**Open:**") == sum(bool(item.left) for item in items)
    assert json.dumps([item.as_json() for item in items])


def file(path: str) -> CrateFile:
    return CrateFile(
        path=path, description="A table", media_type="text/csv", n_bytes=12, sha256="0" * 64
    )


def export(*paths: str) -> CrateExport:
    return CrateExport(
        settings=settings(),
        description="All of it",
        published=date(2020, 9, 1),
        licence="https://creativecommons.org/licenses/by/4.0/",
        version="0.1.0",
        files=[file(path) for path in paths],
        organisers=["A. Person"],
        dataset_doi="10.34970/2020-ds01",
    )


def test_the_crate_names_itself_its_root_and_each_file() -> None:
    document = crate_document(export("data/scores.csv", "data/a file.csv"))
    graph = document["@graph"]
    assert isinstance(graph, list)
    by_id = {one["@id"]: one for one in graph}
    assert len(by_id) == len(graph)
    assert by_id["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    parts = [one["@id"] for one in by_id["./"]["hasPart"]]
    assert parts == ["data/a%20file.csv", "data/scores.csv"]
    assert all(by_id[part]["@type"] == "File" for part in parts)


def test_every_reference_of_the_crate_leads_somewhere() -> None:
    document = crate_document(export("data/scores.csv"))
    graph = document["@graph"]
    assert isinstance(graph, list)
    known = {one["@id"] for one in graph} | {"https://w3id.org/ro/crate/1.1"}
    referred = [
        reference["@id"]
        for one in graph
        for value in one.values()
        for reference in (value if isinstance(value, list) else [value])
        if isinstance(reference, dict)
    ]
    assert referred
    assert set(referred) <= known


@pytest.mark.parametrize(
    "paths",
    [("/etc/passwd",), ("../x",), ("a", "a"), ("ro-crate-metadata.json",), ("a\\b",), ("",)],
)
def test_a_path_that_leads_out_is_refused(paths: tuple[str, ...]) -> None:
    with pytest.raises(InputError):
        crate_document(export(*paths))
