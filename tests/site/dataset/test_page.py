"""Does the page say what the release says, and is the licence accepted before the first file?"""

import json
import os
import re
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cygnet.errors import InputError
from cygnet.site.folder import ContestFolder
from live_site import live_site

SCHEMAS = Path(__file__).parents[2] / "curation" / "release" / "schemas"


def get(path: str, **more: Any) -> Any:
    from django.test import Client

    return Client().get(path, **more)


def embedded(text: str) -> dict[str, Any]:
    """Give the JSON-LD of a page as a program finds it."""
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)
    assert len(found) == 1
    document: dict[str, Any] = json.loads(found[0])
    return document


class Outline(HTMLParser):
    """The ids, the references to them, and the levels of headings of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.levels: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert "style" not in given, tag
        assert not any(name.startswith("on") for name in given), tag
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if str(given.get("href", "")).startswith("#"):
            self.targets.append(str(given["href"])[1:])
        for name in ("aria-labelledby", "for"):
            self.targets += str(given.get(name) or "").split()
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))


@pytest.mark.usefixtures("released_site")
def test_the_page_says_what_the_release_says() -> None:
    from cygnet.site.dataset.subject import subject

    text = get("/").content.decode()
    about = subject()
    assert about is not None
    assert "<h1>A small dataset</h1>" in text
    assert "10.1234/small" in text
    assert "CC-BY-NC-4.0" in text
    assert "Example Clinic, Department of Dermatology" in text
    assert "Melanoma: histopathology. Others: follow-up." in text
    assert "1.1.0, 25 November 2026" in text
    assert "Doe, Jane; Example Clinic (2026)." in text
    assert "@misc{small-1.1.0," in text
    assert "row-changed (anatom_site_general_challenge)" in text
    assert "Read again &lt;b&gt;." in text
    for download in about.downloads.values():
        assert str(download.sha256) in text
        assert download.path in text


@pytest.mark.usefixtures("db")
def test_without_a_release_the_published_facts_of_isic_2020_are_shown() -> None:
    text = get("/").content.decode()
    for said in ("33\u202f126", "2056", "10\u202f982", "1.76\u202f%", "10.34970/2020-ds01",
                 "Memorial Sloan Kettering", "histopathology", "ISIC_2020_Training_JPEG.zip",
                 "about 23.0\u202fGB", "none published", "Scientific Data 8, 34"):  # fmt: skip
        assert said in text, said
    assert embedded(text)["datePublished"] == "2020"
    assert get("/metadata/croissant.json").status_code == 404


@pytest.mark.usefixtures("db")
def test_a_site_without_a_dataset_says_so_and_takes_addresses() -> None:
    from django.test import override_settings

    with override_settings(DATASET_TEMPLATE=""):
        text = get("/").content.decode()
        assert "not published yet" in text
        assert "Notify me about updates" in text
        assert get("/download/").status_code == 404


@pytest.mark.parametrize("with_release", [True, False])
def test_pages_are_well_made_and_ask_nothing_of_others(
    with_release: bool, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("released_site" if with_release else "db")
    for path in ("/", "/download/", "/updates/", "/updates/asked/"):
        answer = get(path)
        assert answer.status_code == 200
        text = answer.content.decode()
        outline = Outline(text)
        assert len(outline.ids) == len(set(outline.ids)), path
        assert set(outline.targets) <= set(outline.ids), path
        assert outline.levels[0] == 1
        assert outline.levels.count(1) == 1
        assert all(
            two <= one + 1 for one, two in zip(outline.levels, outline.levels[1:], strict=False)
        )
        fetched = re.findall(r'(?:src|action)="([^"]*)"|<link[^>]*href="([^"]*)"', text)
        assert fetched
        assert all((one or two).startswith(("/", "data:")) for one, two in fetched), path


@pytest.mark.usefixtures("released_site")
def test_the_embedded_json_ld_is_a_dataset_with_its_files() -> None:
    rdflib = pytest.importorskip("rdflib", reason="rdflib, of mlcroissant, is not installed")
    document = embedded(get("/").content.decode())
    assert document["url"] == "http://testserver/"
    assert all(one["sha256"] for one in document["distribution"])
    document["@context"] = {"@vocab": "https://schema.org/"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = rdflib.Graph().parse(data=json.dumps(document), format="json-ld")
    schema_org = rdflib.Namespace("https://schema.org/")
    (dataset,) = graph.subjects(rdflib.RDF.type, schema_org.Dataset)
    assert len(list(graph.objects(dataset, schema_org.distribution))) == len(
        document["distribution"]
    )


@pytest.mark.usefixtures("released_site")
def test_words_of_a_release_cannot_end_the_json_ld(monkeypatch: pytest.MonkeyPatch) -> None:
    from cygnet.site.dataset.subject import subject

    about = subject()
    assert about is not None
    evil = json.dumps({"@type": "Dataset", "name": "</script><script>alert(1)</script>"}).encode()
    monkeypatch.setitem(about.documents, "schema-org.jsonld", evil)
    text = get("/").content.decode()
    assert "alert(1)</script>" not in text
    assert embedded(text)["name"] == "</script><script>alert(1)</script>"


def test_documents_are_the_releases_own_and_are_not_sent_twice(released_site: Path) -> None:
    schema = json.loads((SCHEMAS / "datacite-v4.5.json").read_text(encoding="utf-8"))
    answer = get("/metadata/datacite.json")
    assert answer.content == (released_site / "datacite.json").read_bytes()
    assert not list(jsonschema.Draft201909Validator(schema).iter_errors(answer.json()))
    for name in ("datacite.json", "CITATION.cff", "errata.csv", "CITATION.bib", "DATASHEET.md"):
        first = get(f"/metadata/{name}")
        again = get(f"/metadata/{name}", headers={"if-none-match": first["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    for name in ("release.json", "..%2frelease.json", "secrets.toml", "bagit.txt"):
        assert get(f"/metadata/{name}").status_code == 404


READING = """
import json, sys, mlcroissant
dataset = mlcroissant.Dataset(sys.argv[1])
issues = dataset.metadata.ctx.issues
rows = [row["training/image_name"].decode() for row in dataset.records("training")]
pictures = [list(row["training_images/picture"].size) for row in dataset.records("training_images")]
print(json.dumps({"issues": sorted(issues.errors) + sorted(issues.warnings), "rows": rows,
                  "n_pictures": len(pictures)}))
"""


def test_a_learning_program_loads_the_dataset_from_the_page(
    released_site: Path, tmp_path: Path
) -> None:
    pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    import http.cookiejar
    import urllib.parse
    import urllib.request

    with live_site() as address:
        jar = http.cookiejar.CookieJar()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        form = browser.open(f"{address}/download/").read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token is not None
        fields = {"csrfmiddlewaretoken": token[1], "accepted": "on"}
        listed = (
            browser.open(f"{address}/download/", urllib.parse.urlencode(fields).encode())
            .read()
            .decode()
        )
        found = re.search(r'href="(/metadata/croissant\.json\?link=[^"]+)"', listed)
        assert found is not None
        done = subprocess.run(
            [sys.executable, "-c", READING, f"{address}{found[1]}"],
            env=os.environ | {"CROISSANT_CACHE": str(tmp_path / "cache")},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    lines = (
        (released_site / "data" / "ISIC_2020_Training_GroundTruth_v2.csv").read_text().splitlines()
    )
    assert said["issues"] == []
    assert said["rows"] == [line.split(",")[0] for line in lines[1:]]
    assert said["n_pictures"] == len(said["rows"])


@pytest.mark.usefixtures("released_site")
def test_the_licence_is_accepted_once_and_logged_without_a_name() -> None:
    from django.test import Client

    from cygnet.site.dataset.models import LicenceAcceptance

    name = "ISIC_2020_Training_GroundTruth.csv"
    client = Client(REMOTE_ADDR="192.0.2.77")
    refused = client.get(f"/files/{name}")
    assert refused.status_code == 403
    assert f"/download/?file={name}" in refused.content.decode()
    asked = client.post("/download/", {"file": name})
    assert asked.status_code == 422
    assert b"Tick this to download." in asked.content
    assert not LicenceAcceptance.objects.exists()
    done = client.post("/download/", {"file": name, "accepted": "on"})
    assert (done.status_code, done["Location"]) == (302, f"/download/?file={name}")
    cookie = done.cookies["cygnet_licence"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    one = LicenceAcceptance.objects.get()
    assert (one.dataset, one.version, one.licence) == ("small", "1.1.0", "CC-BY-NC-4.0")
    assert "192.0.2" not in str(LicenceAcceptance.objects.values().get())
    listed = client.get(f"/download/?file={name}").content.decode()
    assert f'href="/files/{name}"' in listed
    client.post("/download/", {"accepted": "on"})
    assert LicenceAcceptance.objects.count() == 1
    with pytest.raises(TypeError):
        one.save()
    with pytest.raises(TypeError):
        one.delete()


@pytest.mark.usefixtures("released_site")
def test_an_acceptance_holds_for_one_version_and_cannot_be_made_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from django.test import Client

    from cygnet.site.dataset import licence
    from cygnet.site.dataset.subject import Subject, subject

    client = Client()
    client.post("/download/", {"accepted": "on"})
    cookie = client.cookies["cygnet_licence"].value
    about = subject()
    assert about is not None
    assert licence.cookie_holds(cookie, about)
    assert not licence.cookie_holds(f"{cookie}x", about)
    assert not licence.link_holds(cookie, about)
    monkeypatch.setattr(Subject, "terms", property(lambda _: "0123456789abcdef"))
    assert not licence.cookie_holds(cookie, about)
    assert b"Before you download" in client.get("/download/").content


@pytest.mark.usefixtures("released_site")
def test_the_licence_is_not_accepted_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.test import Client

    from cygnet.site.dataset import licence

    monkeypatch.setattr(licence, "MOST_AN_HOUR_A_NETWORK", 2)
    codes = [Client().post("/download/", {"accepted": "on"}).status_code for _ in range(3)]
    assert codes == [302, 302, 429]
    elsewhere = Client(REMOTE_ADDR="198.51.100.9").post("/download/", {"accepted": "on"})
    assert elsewhere.status_code == 302


@pytest.mark.usefixtures("db")
def test_files_that_lie_elsewhere_are_led_to_after_acceptance() -> None:
    from django.test import Client

    client = Client()
    assert client.get("/files/ISIC_2020_Test_JPEG.zip").status_code == 403
    client.post("/download/", {"accepted": "on"})
    answer = client.get("/files/ISIC_2020_Test_JPEG.zip")
    assert answer.status_code == 302
    assert answer["Location"].startswith("https://isic-challenge-data.s3.amazonaws.com/2020/")


@pytest.mark.usefixtures("released_site")
def test_files_in_a_store_are_led_to_by_a_signed_link() -> None:
    from django.test import Client, override_settings

    pytest.importorskip("boto3", reason="boto3 is not installed")
    store = {
        "bucket": "data", "prefix": "small/1.1.0", "endpoint_url": "https://store.example",
        "region_name": "us-east-1", "access_key": "key", "secret_key": "hidden",
    }  # fmt: skip
    client = Client()
    with override_settings(DATASET_STORE=store):
        client.post("/download/", {"accepted": "on"})
        answer = client.get("/files/ISIC_2020_Training_JPEG.zip")
    assert answer.status_code == 302
    link = answer["Location"]
    assert link.startswith(
        "https://store.example/data/small/1.1.0/data/ISIC_2020_Training_JPEG.zip?"
    )
    assert "X-Amz-Expires=3600" in link
    assert "hidden" not in link


def test_examples_are_small_pictures_of_the_release_and_no_others(released_site: Path) -> None:
    from cygnet.cohort.table import read_dataset
    from cygnet.images.headers import parse_header
    from cygnet.site.dataset.examples import example_groups
    from cygnet.site.dataset.subject import subject

    about = subject()
    assert about is not None
    assert about.release is not None
    groups = example_groups(about.release)
    assert groups[0].diagnosis == "melanoma"
    shown = [one for group in groups for one in group.examples]
    assert shown
    text = get("/").content.decode()
    for one in shown:
        answer = get(f"/pictures/{one.image_name}.jpg")
        assert answer.status_code == 200
        assert parse_header(answer.content).format == "jpeg"
        assert f'src="/pictures/{one.image_name}.jpg"' in text
        kept = get(f"/pictures/{one.image_name}.jpg", headers={"if-none-match": answer["ETag"]})
        assert kept.status_code == 304
    test = read_dataset(released_site / "data").test
    assert test is not None
    assert get(f"/pictures/{test.table['image_name'][0]}.jpg").status_code == 404


def test_what_contest_toml_says_of_the_dataset_is_checked(site: ContestFolder) -> None:
    from dataclasses import replace

    from cygnet.site.dataset.settings import django_settings

    def settings(**table: str) -> dict[str, Any]:
        return django_settings(
            replace(site, contest=site.contest.model_copy(update={"dataset": table}))
        )

    assert settings(release="r")["DATASET_RELEASE"] == site.path / "r"
    assert settings(template="")["DATASET_TEMPLATE"] == ""
    with pytest.raises(InputError, match=r"dataset\.relese"):
        settings(relese="r")
    with pytest.raises(InputError, match="no store"):
        settings(downloads="ftp://host")


@pytest.mark.usefixtures("db")
def test_the_server_does_not_start_with_a_release_that_is_none(tmp_path: Path) -> None:
    from django.test import override_settings

    from cygnet.site.asgi import make_application

    with (
        override_settings(DATASET_RELEASE=tmp_path),
        pytest.raises(InputError, match=r"release\.json"),
    ):
        make_application()
