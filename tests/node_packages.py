"""Where are the packages of npm that a few tests hold pages and documents against?

``make node-packages`` puts them beside the virtual environment; ``CYGNET_NODE_MODULES`` names
another folder. A test whose package is not there is skipped with that reason.
"""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[1] / ".venv" / "node" / "node_modules"
NODE_MODULES = Path(os.environ.get("CYGNET_NODE_MODULES") or _BESIDE)


def node_package(name: str) -> Path:
    """Give the folder of an installed package; skip the test where it is not."""
    folder = NODE_MODULES / name
    if not folder.is_dir():
        pytest.skip(f"npm's {name} is not at {NODE_MODULES}: make node-packages")
    return folder


def axe_source() -> str:
    """Give the text of axe-core, to be run in a page."""
    return (node_package("axe-core") / "axe.min.js").read_text(encoding="utf-8")
