"""A reader that runs: pages without scripts, the API, bad input, and that nothing is kept."""

import io
import json
import os
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from reader_world import (
    Running,
    dicom_of,
    drawn_pixels,
    lesion_jpeg,
    running_reader,
    with_exif,
)

MARKER = "MARKERZWICKELSTEIN4711"
Files = list[tuple[str, tuple[str, bytes, str]]]


@pytest.fixture(scope="module")
def client(running: Running) -> Any:
    with httpx.Client(base_url=running.address, timeout=60) as opened:
        yield opened


def _files(*named: tuple[str, bytes]) -> Files:
    return [("images", (name, data, "image/jpeg")) for name, data in named]


def _lesions(n: int) -> Files:
    return _files(*((f"lesion-{at}.jpg", lesion_jpeg(at)) for at in range(n)))


def test_pictures_come_back_in_order_of_attention(client: httpx.Client) -> None:
    answer = client.post("/v1/read", files=_lesions(6), data={"age": "50", "sex": "female"})
    assert answer.status_code == 200
    found = answer.json()
    assert "Research use only" in found["research_use"]
    probabilities = [one["probability"] for one in found["lesions"]]
    assert len(probabilities) == 6
    assert probabilities == sorted(probabilities, reverse=True)
    assert all("Of 100" in one["frequency"]["sentence"] for one in found["lesions"])
    assert sum(one["duckling"] for one in found["lesions"]) == 1


def test_an_answer_is_told_line_by_line_where_that_is_asked_for(client: httpx.Client) -> None:
    files = [*_lesions(3), *_files(("notes.txt", b"words"))]
    headers = {"accept": "application/x-ndjson"}
    with client.stream("POST", "/v1/read", files=files, headers=headers) as answer:
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert [line["event"] for line in lines] == ["file"] * 4 + ["result"]
    assert [line["done"] for line in lines[:-1]] == [1, 2, 3, 4]
    assert lines[3]["fault"]["image"] == "notes.txt"
    assert len(lines[-1]["result"]["lesions"]) == 3


def test_answers_are_as_the_openapi_document_says(client: httpx.Client) -> None:
    from jsonschema import Draft202012Validator

    document = client.get("/v1/openapi.json").json()
    schemas = document["components"]["schemas"]

    def valid(name: str, found: object) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        Draft202012Validator(schema).validate(found)

    valid("ReadingShape", client.post("/v1/read", files=_lesions(2)).json())
    valid("ErrorsShape", client.post("/v1/read", data={"age": "50"}, files={"x": b""}).json())
    told = document["paths"]["/v1/read"]["post"]["responses"]
    assert {"200", "405", "413", "415", "422", "503"} <= set(told)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"age": "old"}, "age"),
        ({"age": "500"}, "age"),
        ({"sex": "?"}, "sex"),
        ({"site": "moon"}, "site"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(
    client: httpx.Client, fields: dict[str, str], name: str
) -> None:
    answer = client.post("/v1/read", files=_lesions(1), data=fields)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [name]


def test_a_request_without_pictures_or_without_a_form_is_told_so(client: httpx.Client) -> None:
    assert client.post("/v1/read", files={"other": b"x"}).status_code == 422
    assert client.post("/v1/read", content=b"{}").status_code == 415
    broken = {"content-type": "multipart/form-data"}
    assert client.post("/v1/read", content=b"x", headers=broken).status_code == 400
    refused = client.get("/v1/read")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


def test_bad_files_are_told_one_by_one_and_the_rest_go_on(
    client: httpx.Client, tmp_path: Path
) -> None:
    def saved(image: Image.Image, kind: str) -> bytes:
        out = io.BytesIO()
        image.save(out, kind)
        return out.getvalue()

    picture = Image.fromarray(drawn_pixels(1))
    mine = [(f"mine-{n}.dcm", dicom_of(lesion_jpeg(n), "IP_1", tmp_path)) for n in range(2)]
    files = _files(
        ("good.jpg", lesion_jpeg(1)),
        ("empty.jpg", b""),
        ("cut.jpg", lesion_jpeg(2)[:1500]),
        ("words.jpg", b"no picture"),
        ("moving.gif", saved(picture, "gif")),
        ("print.jpg", saved(picture.convert("CMYK"), "jpeg")),
        *mine,
        ("theirs.dcm", dicom_of(lesion_jpeg(5), "IP_2", tmp_path)),
    )
    found = client.post("/v1/read", files=files).json()
    assert sorted(one["image"] for one in found["lesions"]) == [
        "good.jpg", "mine-0.dcm", "mine-1.dcm",
    ]  # fmt: skip
    faults = {one["image"]: one["code"] for one in found["faults"]}
    assert faults == {
        "empty.jpg": "image-empty",
        "cut.jpg": "image-truncated",
        "words.jpg": "image-unreadable",
        "moving.gif": "image-unsupported",
        "print.jpg": "image-cmyk",
        "theirs.dcm": "reader-other-patient",
    }


def test_five_hundred_files_are_told_and_the_first_are_read(client: httpx.Client) -> None:
    one = lesion_jpeg(1, 64)
    files = _files(*((f"{at}.jpg", one if at < 3 else b"x") for at in range(500)))
    found = client.post("/v1/read", files=files).json()
    assert len(found["lesions"]) == 3
    assert sum(one["code"] == "reader-too-many" for one in found["faults"]) == 300


def _handed_in(client: httpx.Client, files: Files) -> str:
    answer = client.post("/read", files=files, data={"age": "44"})
    assert answer.status_code == 303, answer.text[:500]
    return answer.headers["location"]


def test_pages_work_without_scripts(client: httpx.Client) -> None:
    link = _handed_in(client, _lesions(4))
    page = client.get(link)
    assert page.status_code == 200
    for words in ("In order of attention", "44 years", "Research use only", "lesion-0.jpg"):
        assert words in page.text
    assert "<script>" not in page.text
    assert client.get(f"{link}lesions/1/").status_code == 200
    assert client.get(f"{link}lesions/5/").status_code == 404
    assert "matrix" in client.get(f"{link}compare?a=1&b=2").text
    assert client.get(f"{link}compare?a=1&b=2e").status_code == 404
    assert client.get(f"{link}compare?a=1&b={'9' * 5000}").status_code == 404
    picture = client.get(f"{link}lesions/1/picture.jpg")
    assert Image.open(io.BytesIO(picture.content)).size == (160, 160)
    heat = client.get(f"{link}lesions/1/heat.png")
    assert np.asarray(Image.open(io.BytesIO(heat.content))).shape[2] == 4
    assert client.get(f"{link}print").status_code == 200
    for name in ("findings.csv", "findings.json", "findings.dcm"):
        export = client.get(link + name)
        assert export.status_code == 200
        assert b"Research use only" in export.content


def test_a_place_and_a_prevalence_are_taken(client: httpx.Client) -> None:
    link = _handed_in(client, _lesions(3))
    client.post(f"{link}lesions/2/place", data={"place": "back-calf-left"})
    client.post(f"{link}about", data={"age": "44", "sex": "", "prevalence": "0.5"})
    page = client.get(link).text
    assert "Left calf" in page
    assert "0.500" in page.replace("\u202f", " ")
    for name in ("print", "findings.csv"):
        told = client.get(link + name).text.replace("\u202f", " ")
        assert "where 0.500 % of all are" in told, name
    refused = client.post(f"{link}about", data={"age": "44", "prevalence": "lots"})
    assert refused.status_code == 422
    assert 'href="#prevalence"' in refused.text
    assert "lots" in refused.text


def test_an_earlier_picture_is_laid_over_the_later(client: httpx.Client) -> None:
    rng = np.random.default_rng(5)
    import cv2

    from reader_world import jpeg_of

    spots = drawn_pixels(7, 400)
    for x, y in rng.integers(40, 360, (60, 2)):
        cv2.circle(spots, (int(x), int(y)), int(rng.integers(3, 9)), (120, 70, 50), -1)
    turned = cv2.warpAffine(
        spots, cv2.getRotationMatrix2D((200, 200), 12, 0.95), (400, 400),
        borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    link = _handed_in(client, _files(("now.jpg", jpeg_of(spots))))
    answer = client.post(
        f"{link}lesions/1/earlier", files=_files(("then.jpg", jpeg_of(np.asarray(turned))))
    )
    assert answer.status_code == 303
    page = client.get(answer.headers["location"])
    assert "laid over the first" in page.text
    refused = client.post(f"{link}lesions/1/earlier", files=_files(("x.jpg", b"none")))
    assert refused.status_code == 422
    assert "x.jpg" in refused.text


def test_a_patient_is_gone_when_forgotten(client: httpx.Client) -> None:
    link = _handed_in(client, _lesions(1))
    assert client.post(f"{link}forget").status_code == 303
    assert client.get(link).status_code == 404
    assert client.get(f"{link}lesions/1/picture.jpg").status_code == 404
    assert client.get(f"{link}stay").status_code == 404


def test_a_sample_patient_is_one_click_away(client: httpx.Client) -> None:
    answer = client.post("/sample")
    assert answer.status_code == 303
    assert "drawn sample patient" in client.get(answer.headers["location"]).text


def test_errors_of_a_form_stand_beside_the_field_and_nothing_is_lost(client: httpx.Client) -> None:
    answer = client.post("/read", files={"none": b""}, data={"age": "old", "sex": "male"})
    assert answer.status_code == 422
    assert 'href="#age"' in answer.text
    assert 'value="old"' in answer.text
    assert 'value="male" selected' in answer.text


def test_nothing_of_a_patient_is_on_the_disk_or_in_the_log(
    small_model: Path, tmp_path: Path
) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (1400, 1400, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "png")
    large = out.getvalue()
    assert len(large) > 5 * 2**20  # beyond what Django would spool to a file
    exif = with_exif(lesion_jpeg(1), MARKER)
    dicom = dicom_of(lesion_jpeg(2), MARKER, tmp_path, PatientName=MARKER)
    files = _files(
        (f"{MARKER}.jpg", exif),
        (f"{MARKER}-large.png", large),
        (f"{MARKER}.dcm", dicom),
        (f"{MARKER}.txt", MARKER.encode() * 1000),
    )
    folder = tmp_path / "run"
    with (
        running_reader(small_model, folder) as found,
        httpx.Client(base_url=found.address, timeout=60) as client,
    ):
        link = _handed_in(client, files)
        pages = [client.get(link), client.get(f"{link}lesions/1/"), client.get(f"{link}print")]
        pages.append(client.get(f"{link}no-such-page-{MARKER}"))
        pictures = [client.get(f"{link}lesions/{n}/picture.jpg") for n in (1, 2, 3)]
        exports = [client.get(link + f"findings.{kind}") for kind in ("csv", "json", "dcm")]
        client.post("/v1/read", files=files)

        opened = Path(f"/proc/{found.process.pid}/fd").iterdir()
        targets = [os.path.realpath(one) for one in opened]
        # The name of the file is the person's own, shown to them alone; what is inside is not.
        assert [page.status_code for page in pages] == [200, 200, 200, 404]
        for answer in (*pictures, *exports):
            assert answer.status_code == 200
            assert MARKER.encode() not in answer.content
        assert not [one for one in targets if "deleted" in one and str(folder) in one]
        left = [path for path in folder.rglob("*") if path.is_file()]
        assert [path.name for path in left] == ["reader.log"]
        assert MARKER not in found.printed
        assert link not in found.printed


def test_a_reader_beyond_this_machine_asks_for_its_token(small_model: Path, tmp_path: Path) -> None:
    with running_reader(small_model, tmp_path, "--host", "0.0.0.0") as found:  # noqa: S104
        assert "token" in found.printed
        port = found.address.split(":")[2].split("/")[0]
        token = found.address.split("token=")[1]
        here = f"http://127.0.0.1:{port}"
        assert httpx.get(here).status_code == 401
        assert httpx.get(here, headers={"authorization": f"Bearer {token}"}).status_code == 200
        assert httpx.get(f"{here}/?token={token}", follow_redirects=True).status_code == 200
