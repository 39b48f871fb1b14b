"""Small datasets, written out so that a test shows the lines it is about."""

from collections.abc import Callable
from pathlib import Path

import pytest

HEADER = (
    "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,"
    "benign_malignant,target\n"
)

TRAIN = (
    HEADER
    + """\
ISIC_0000001,IP_0000001,male,45.0,torso,nevus,benign,0
ISIC_0000002,IP_0000001,male,45.0,torso,melanoma,malignant,1
ISIC_0000003,IP_0000002,female,,head/neck,unknown,benign,0
ISIC_0000004,IP_0000002,female,50.0,,unknown,benign,0
"""
)

TEST = """\
image_name,patient_id,sex,age_approx,anatom_site_general_challenge
ISIC_0000005,IP_0000003,male,70.0,torso
"""

WriteFolder = Callable[..., Path]


@pytest.fixture
def write_folder(tmp_path: Path) -> WriteFolder:
    """Give a function that writes a Kaggle folder; ``files`` by name replace or add to it."""

    def write(files: dict[str, str | bytes | None] | None = None, **tables: str | bytes) -> Path:
        content: dict[str, str | bytes | None] = {"train.csv": TRAIN, "test.csv": TEST}
        content |= {f"{name}.csv": text for name, text in tables.items()} | (files or {})
        for name, data in content.items():
            if data is not None:
                path = tmp_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return tmp_path

    return write


@pytest.fixture
def train_text() -> str:
    return TRAIN


@pytest.fixture
def train_header() -> str:
    return HEADER
