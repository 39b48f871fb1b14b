"""Is the object store that other tests rely on a strict one?"""

from collections.abc import Iterator
from typing import Any

import pytest

from s3_server import S3Server, is_installed, s3_server


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    if not is_installed():
        pytest.skip("needs the package swift")
    with s3_server(tmp_path_factory.mktemp("swift") / "store") as server:
        yield server


def client(store: S3Server, secret_key: str) -> Any:
    boto3 = pytest.importorskip("boto3", reason="needs boto3")
    return boto3.client(
        "s3",
        endpoint_url=store.endpoint,
        aws_access_key_id=store.access_key,
        aws_secret_access_key=secret_key,
        region_name=store.region,
    )


def test_it_keeps_objects_and_gives_ranges_of_them(store: S3Server) -> None:
    s3 = client(store, store.secret_key)
    s3.create_bucket(Bucket="lesions")
    s3.put_object(Bucket="lesions", Key="jpeg/one.jpg", Body=b"hello")
    part = s3.get_object(Bucket="lesions", Key="jpeg/one.jpg", Range="bytes=1-3")
    assert part["Body"].read() == b"ell"
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="lesions")["Contents"]] == [
        "jpeg/one.jpg"
    ]


def test_it_refuses_a_wrong_secret(store: S3Server) -> None:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client(store, "wrong").create_bucket(Bucket="other")
