"""What several rooms' tests share: where the real images are, and generators."""

import os
from pathlib import Path

import numpy as np
import pytest

_REAL = Path(
    os.environ.get(
        "CYGNET_REAL_DATA", Path(__file__).resolve().parents[1].parent / "shared" / "data"
    )
)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real images and tables beside the project; skips where it is not."""
    if not (_REAL / "isic2020" / "train.csv").is_file():
        pytest.skip(f"the real images are not at {_REAL}; set CYGNET_REAL_DATA")
    return _REAL


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20201123)
