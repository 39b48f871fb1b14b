"""Does the page on publishing work as it stands, on the synthetic twin?"""

import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "publish-a-dataset.md"
BLOCK = re.compile(r"^```(sh|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(command: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_page_can_be_followed(tmp_path: Path) -> None:
    found = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    kinds = [kind for kind, _ in found]
    assert kinds == ["sh", "toml", "sh", "toml", "sh", "sh"]
    drawn, config, first, more, second, check = (text for _, text in found)
    run(drawn, tmp_path)
    (tmp_path / "release.toml").write_text(config, encoding="utf-8")
    assert "all are there and unchanged" in run(first, tmp_path)
    assert "Not stated" not in (tmp_path / "clinic-2026-v1" / "DATASHEET.md").read_text("utf-8")
    released = pl.read_csv(
        tmp_path / "clinic-2026-v1" / "data" / "ISIC_2020_Training_GroundTruth.csv"
    )
    # Correct what the page corrects: a site in the table, and so one row of the release.
    for name in ("train.csv", "ISIC_2020_Training_GroundTruth_v2.csv"):
        table = pl.read_csv(tmp_path / "twin" / name)
        site = pl.col("anatom_site_general_challenge")
        table.with_columns(site.replace("head/neck", "torso")).write_csv(tmp_path / "twin" / name)
    corrected = table.filter(site == "head/neck").height
    assert corrected > 0
    amended = config.replace('version = "1.0.0"', 'version = "1.1.0"') + more
    (tmp_path / "release.toml").write_text(amended, encoding="utf-8")
    run(second, tmp_path)
    run(check, tmp_path)
    errata = pl.read_csv(tmp_path / "clinic-2026-v2" / "errata.csv")
    assert errata.height == corrected
    assert set(errata["reason"]) == {"Anatomical sites were corrected from the records."}
    again = pl.read_csv(tmp_path / "clinic-2026-v2" / "data" / "ISIC_2020_Training_GroundTruth.csv")
    assert again["image_name"].equals(released["image_name"])
