"""Images in a real S3-compatible store are listed and read; refusals say what to check."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cygnet.errors import InputError
from cygnet.inference import object_store
from cygnet.inference.object_store import Place, image_name, list_images, read_object
from cygnet.inference.predict import predict_files
from exported import write_small_model
from s3_server import S3Server, is_installed, s3_server
from small_cohort import blob, jpeg


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    pytest.importorskip("boto3", reason="needs boto3")
    if not is_installed():
        pytest.skip("needs the package swift")
    with s3_server(tmp_path_factory.mktemp("swift") / "store") as server:
        yield server


@pytest.fixture
def keys(store: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", store.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", store.secret_key)
    object_store._client.cache_clear()
    yield
    object_store._client.cache_clear()


def fill(store: S3Server, bucket: str, files: dict[str, bytes]) -> None:
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        aws_access_key_id=store.access_key,
        aws_secret_access_key=store.secret_key,
        region_name=store.region,
    )
    client.create_bucket(Bucket=bucket)
    for key, content in files.items():
        client.put_object(Bucket=bucket, Key=key, Body=content)


@pytest.mark.slow
@pytest.mark.usefixtures("keys")
def test_a_prefix_is_predicted_as_a_folder_is(
    store: S3Server, tmp_path: Path, rng: np.random.Generator
) -> None:
    write_small_model(tmp_path / "model.onnx")
    files = {f"jpeg/left arm/{n:03d}.jpg": jpeg(blob(rng, dark=n % 2 == 0)) for n in range(30)}
    fill(store, "lesions", files | {"jpeg/notes.txt": b"not an image", "other/1.jpg": b"?"})
    url = f"s3://lesions/jpeg/?endpoint={store.endpoint}&region={store.region}"
    urls = list_images(url)
    assert [image_name(one) for one in urls] == [f"{n:03d}" for n in range(30)]
    assert read_object(urls[3]) == files["jpeg/left arm/003.jpg"]
    remote = predict_files(tmp_path / "model.onnx", [(image_name(one), one) for one in urls])
    local = []
    for key, content in files.items():
        file = tmp_path / Path(key).name
        file.write_bytes(content)
        local.append((file.stem, file))
    here = predict_files(tmp_path / "model.onnx", local)
    assert remote.image_names == here.image_names
    assert np.array_equal(remote.probability, here.probability)


@pytest.mark.slow
@pytest.mark.usefixtures("keys")
def test_what_the_store_refuses_is_told(store: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    options = f"?endpoint={store.endpoint}&region={store.region}"
    with pytest.raises(InputError, match="NoSuchBucket"):
        list_images(f"s3://nothing-here/{options}")
    fill(store, "empty", {"readme.txt": b""})
    with pytest.raises(InputError, match="no image"):
        list_images(f"s3://empty/{options}")
    with pytest.raises(InputError, match="NoSuchKey"):
        read_object(f"s3://empty/gone.jpg{options}")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    object_store._client.cache_clear()
    with pytest.raises(InputError, match="SignatureDoesNotMatch"):
        list_images(f"s3://empty/{options}")


def test_keys_with_any_character_survive_a_url() -> None:
    place = Place.of("s3://bucket/a?endpoint=http://h:1&region=r")
    key = "jpeg/left & right?/é 50%.jpg"
    again = Place.of(place.url(key))
    assert again == Place("bucket", key, "http://h:1", "r")


@pytest.mark.parametrize(
    "url", ["s3://", "s3:///key", "http://bucket/key", "s3://b/k?secret=x", "s3://me:pw@bucket/k"]
)
def test_what_is_no_url_of_a_store_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="AWS_ACCESS_KEY_ID"):
        Place.of(url)
