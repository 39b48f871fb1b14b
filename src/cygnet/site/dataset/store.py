"""How does a browser fetch a file from an S3-compatible store? By a link signed for an hour."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from cygnet.curation.release.bag import PAYLOAD

LINK_AGE_S: Final = 3600


def signed_link(store: Mapping[str, Any], path: str, *, method: str = "GET") -> str:
    """Give the signed address of a file of the release; nothing is asked of the store."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=store["endpoint_url"],
        region_name=store["region_name"],
        aws_access_key_id=store["access_key"],
        aws_secret_access_key=store["secret_key"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    key = "/".join(part for part in (store["prefix"], PAYLOAD, path) if part)
    wanted: dict[str, str] = {"Bucket": store["bucket"], "Key": key}
    if method == "GET":
        name = quote(path.rsplit("/", 1)[-1])
        wanted["ResponseContentDisposition"] = f"attachment; filename*=UTF-8''{name}"
    operation = "head_object" if method == "HEAD" else "get_object"
    link: str = client.generate_presigned_url(operation, Params=wanted, ExpiresIn=LINK_AGE_S)
    return link
