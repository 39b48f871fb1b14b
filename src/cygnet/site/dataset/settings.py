"""What the table ``[dataset]`` of contest.toml says: which release, and where its files lie."""

from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from cygnet.errors import Fault, InputError
from cygnet.site.folder import CONTEST_FILE, ContestFolder

ISIC_2020 = "isic2020"


class DatasetTable(BaseModel):
    """``release`` is a folder; ``downloads`` an S3-compatible store that holds a copy of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    release: Path | None = None
    template: Literal["isic2020", ""] | None = None
    downloads: str = ""


def django_settings(folder: ContestFolder) -> dict[str, Any]:
    """Give the release, the template and the store of the dataset page."""
    file = folder.path / CONTEST_FILE
    try:
        table = DatasetTable.model_validate(dict(folder.contest.dataset))
    except ValidationError as error:
        raise InputError(
            *(
                Fault(
                    f"dataset.{'.'.join(map(str, one['loc']))}: {one['msg']}.",
                    "docs/reference/dataset-page.md names every key.",
                    file,
                )
                for one in error.errors()
            )
        ) from error
    template: str | None = table.template
    if template is None:
        template = ISIC_2020 if folder.contest.name == ISIC_2020 else ""
    return {
        "DATASET_RELEASE": None if table.release is None else folder.path / table.release,
        "DATASET_TEMPLATE": template,
        "DATASET_STORE": _store(table.downloads, folder) if table.downloads else None,
        "DATASET_PICTURES": folder.path / "pictures",
    }


def _store(url: str, folder: ContestFolder) -> dict[str, Any]:
    """Give what signs links into the store: ``s3://bucket/prefix?endpoint=https://host``."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise InputError.of(
            f"`dataset.downloads` is no store: {url!r}.",
            "Use s3://bucket/prefix?endpoint=https://host, or leave it out.",
            file=folder.path / CONTEST_FILE,
        )
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "bucket": parts.netloc,
        "prefix": parts.path.strip("/"),
        "endpoint_url": query.get("endpoint"),
        "region_name": query.get("region", "us-east-1"),
        "access_key": folder.needed_secret("s3_access_key"),
        "secret_key": folder.needed_secret("s3_secret_key"),
    }
