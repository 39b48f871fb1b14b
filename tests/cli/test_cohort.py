"""The cohort's commands as a newcomer meets them: what they print, and how they exit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cygnet.cli.cohort import app
from cygnet.errors import InputError, TableError

N_PATIENTS = 12


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Write a Kaggle folder of twelve patients of three images, six with a melanoma."""
    data = tmp_path / "data"
    (data / "jpeg/train").mkdir(parents=True)
    rows = ["image_name,patient_id,sex,age_approx,diagnosis,benign_malignant,target"]
    for number in range(3 * N_PATIENTS):
        patient = number // 3
        malignant = number % 6 == 0
        said = "melanoma,malignant,1" if malignant else "nevus,benign,0"
        rows.append(f"ISIC_{number:07d},IP_{patient:07d},male,45,{said}")
        picture = rng.integers(0, 255, (40, 60, 3), dtype=np.uint8)
        cv2.imwrite(str(data / "jpeg/train" / f"ISIC_{number:07d}.jpg"), picture)
    (data / "train.csv").write_text("\n".join(rows) + "\n")
    return data


def cohort(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def cygnet(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cygnet", "cohort", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | variables,
    )


def test_every_command_has_help() -> None:
    commands = [command.name or command.callback.__name__ for command in app.registered_commands]  # type: ignore[union-attr]
    assert len(commands) >= 6
    for command in commands:
        result = cohort(command.replace("_", "-"), "--help")
        assert result.exit_code == 0
        assert "Usage" in result.output


def test_an_audit_says_what_is_there(folder: Path) -> None:
    result = cohort("audit", folder)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Kaggle layout in ")
    assert any(line.split() == ["images", "36"] for line in lines)
    assert "note  image-level-split" in lines
    assert lines[-1].startswith("0 errors, 0 warnings, ")


def test_an_audit_with_an_error_is_printed_and_exits_with_1(folder: Path) -> None:
    (folder / "jpeg/train/ISIC_0000007.jpg").unlink()
    result = cohort("audit", folder)
    assert result.exit_code == 1
    assert "error  missing-images" in result.stdout
    assert "train.csv row 9: ISIC_0000007" in result.stdout
    document = json.loads(cohort("audit", folder, "--json").stdout)
    assert document["layout"] == "kaggle"
    assert document["findings"][0]["code"] == "missing-images"


def test_folds_are_written_shown_and_judged(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folds.csv"
    result = cohort("folds", folder, "--k", "3", "--seed", "4", "--out", out)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"Wrote the folds of 36 images to {out}."
    assert out.read_text().startswith("image_name,fold\nISIC_0000000,")
    judged = cohort("check-folds", folder, out)
    assert judged.exit_code == 0
    assert judged.stdout.splitlines()[-1] == "The folds are disjoint."
    document = json.loads(cohort("check-folds", folder, out, "--json").stdout)
    assert document["ok"] is True
    assert document["shared_patients"] == document["split_duplicates"] == 0
    assert [fold["n_malignant"] for fold in document["balance"]] == [2, 2, 2]


def test_folds_of_the_same_seed_are_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        result = cohort("folds", folder, "--out", tmp_path / name, "--seed", "1", "--json")
        assert json.loads(result.stdout)["ok"] is True
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_folds_that_leak_are_shown_and_exit_with_1(folder: Path, tmp_path: Path) -> None:
    leaky = tmp_path / "leaky.csv"
    rows = [f"ISIC_{number:07d},{number % 2}" for number in range(30)]
    leaky.write_text("\n".join(["image_name,fold", *rows]) + "\n")
    result = cohort("check-folds", folder, leaky)
    assert result.exit_code == 1
    assert "Patients in more than one fold: 10." in result.stdout
    assert "shared_patients: IP_0000000 in folds 0 and 1" in result.stdout
    assert "Images of the table without a fold: 6." in result.stdout
    assert "cygnet cohort folds" in result.stdout.splitlines()[-1]


def test_duplicates_are_listed_with_their_evidence(folder: Path) -> None:
    first = (folder / "jpeg/train/ISIC_0000000.jpg").read_bytes()
    (folder / "jpeg/train/ISIC_0000004.jpg").write_bytes(first)
    result = cohort("duplicates", folder, "--workers", "1")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[1].split()[:3] == ["ISIC_0000000", "ISIC_0000004", "train"]
    assert lines[1].endswith("same_bytes, same_pixels, near_duplicate  correlation 1.00")
    told = "ISIC_0000000 / ISIC_0000004: patient_id IP_0000000, IP_0000001."
    assert f"The two rows disagree: {told}" in lines
    assert lines[-1] == (
        "1 pair (listed 0, same_lesion 0, same_bytes 1, same_pixels 1, near_duplicate 1)."
    )
    exact = json.loads(cohort("duplicates", folder, "--exact", "--json").stdout)
    assert exact["by_evidence"]["same_pixels"] == 1
    assert exact["by_evidence"]["near_duplicate"] is None
    quick = cohort("duplicates", folder, "--no-pixels", "--json")
    assert json.loads(quick.stdout)["by_evidence"]["same_pixels"] is None


def test_duplicates_are_found_in_a_pack_and_link_folds(folder: Path, tmp_path: Path) -> None:
    turned = cv2.imread(str(folder / "jpeg/train/ISIC_0000000.jpg"))
    assert turned is not None
    cv2.imwrite(str(folder / "jpeg/train/ISIC_0000004.jpg"), cv2.rotate(turned, cv2.ROTATE_180))
    pack = tmp_path / "pack"
    assert cohort("pack", folder, pack, "--size", "128", "--workers", "1").exit_code == 0
    result = cohort("duplicates", folder, "--pack", pack, "--workers", "1", "--json")
    document = json.loads(result.stdout)
    assert [pair["evidence"] for pair in document["pairs"]] == [["near_duplicate"]]
    assert abs(document["pairs"][0]["near"]["turned_degrees"]) == pytest.approx(180, abs=1)
    assert document["n_not_packed"] == 0
    known = tmp_path / "duplicates.json"
    known.write_text(result.stdout)
    leaky = tmp_path / "leaky.csv"
    rows = [f"ISIC_{number:07d},{number // 3 % 2}" for number in range(36)]
    leaky.write_text("\n".join(["image_name,fold", *rows]) + "\n")
    assert cohort("check-folds", folder, leaky).exit_code == 0
    judged = cohort("check-folds", folder, leaky, "--duplicates", known)
    assert judged.exit_code == 1
    assert "Pairs of duplicates in two folds: 1." in judged.stdout
    out = tmp_path / "folds.csv"
    made = cohort("folds", folder, "--k", "3", "--out", out, "--duplicates", known, "--json")
    assert json.loads(made.stdout)["ok"] is True
    audited = cohort("audit", folder, "--duplicates", known)
    assert "warning  same-picture-across-patients" in audited.stdout


def test_options_of_duplicates_that_contradict_exit_with_2(folder: Path, tmp_path: Path) -> None:
    assert cohort("duplicates", folder, "--no-pixels", "--exact").exit_code == 2
    assert cohort("duplicates", folder, "--exact", "--pack", tmp_path).exit_code == 2
    refused = cohort("duplicates", folder, "--pack", tmp_path)
    assert isinstance(refused.exception, InputError)


def test_all_images_are_packed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "pack"
    result = cohort("pack", folder, out, "--size", "16", "--workers", "1")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == f"Packed 36 images at 16 px into {out}."
    assert any(out.iterdir())


def test_missing_images_are_not_packed_over_unless_allowed(folder: Path, tmp_path: Path) -> None:
    (folder / "jpeg/train/ISIC_0000007.jpg").unlink()
    out = tmp_path / "pack"
    refused = cohort("pack", folder, out, "--size", "16", "--workers", "1")
    assert isinstance(refused.exception, InputError)
    assert not out.exists()
    result = cohort(
        "pack", folder, out, "--size", "16", "--workers", "1", "--allow-missing", "--json"
    )
    document = json.loads(result.stdout)
    assert (document["n_images"], document["n_missing"], document["n_bad"]) == (35, 1, 0)


def test_bad_images_are_not_packed_over_unless_skipped(folder: Path, tmp_path: Path) -> None:
    (folder / "jpeg/train/ISIC_0000007.jpg").write_bytes(b"")
    out = tmp_path / "pack"
    refused = cohort("pack", folder, out, "--size", "16", "--workers", "1")
    assert isinstance(refused.exception, InputError)
    assert not out.exists()
    result = cohort("pack", folder, out, "--size", "16", "--workers", "1", "--skip-bad-images")
    assert result.exit_code == 0
    assert "Left out: ISIC_0000007" in result.stdout


def test_a_twin_is_drawn_and_can_be_audited(tmp_path: Path) -> None:
    out = tmp_path / "twin"
    asked = ("--patients", "3", "--seed", "5", "--size", "32", "--test-patients", "0")
    result = cohort("synth", out, *asked, "--melanoma-prevalence", "0.1", "--workers", "1")
    assert result.exit_code == 0
    assert "3 synthetic patients" in result.stdout
    assert str(out) in result.stdout.splitlines()[-1]
    assert not (out / "test.csv").exists()
    audited = json.loads(cohort("audit", out, "--json").stdout)
    assert audited["facts"]["train"]["n_patients"] == 3
    assert audited["facts"]["images"]["train"]["n_missing"] == 0
    assert audited["facts"]["is_isic_2020"] == {"train": False}


def test_a_twin_may_be_tables_alone(tmp_path: Path) -> None:
    result = cohort("synth", tmp_path / "twin", "--patients", "30", "--seed", "5", "--no-images")
    assert result.exit_code == 0
    audited = cohort("audit", tmp_path / "twin" / "train.csv")
    assert audited.exit_code == 0


def test_an_option_that_is_no_option_exits_with_2(folder: Path, tmp_path: Path) -> None:
    assert (
        cohort("pack", folder, tmp_path / "p", "--size", "16", "--geometry", "round").exit_code == 2
    )
    assert cohort("folds", folder).exit_code == 2


def test_a_bad_table_is_one_message_on_standard_error(folder: Path) -> None:
    text = (folder / "train.csv").read_text()
    (folder / "train.csv").write_text(text.replace("45", "85+", 1).replace(",1\n", ",2\n", 1))
    with pytest.raises(TableError):
        raise cohort("audit", folder).exception or AssertionError
    done = cygnet("audit", folder)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "train.csv" in done.stderr
    assert "'85+'" in done.stderr
    assert "target must be 0" in done.stderr


def test_what_is_piped_is_plain(folder: Path) -> None:
    done = cygnet("audit", folder, PYTHONIOENCODING="ascii", TERM="xterm-256color")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


@pytest.mark.real
def test_the_published_pairs_of_isic_2020_are_all_told(real_data: Path) -> None:
    done = cohort("duplicates", real_data / "isic2020", "--no-pixels", "--json")
    document = json.loads(done.stdout)
    assert document["by_evidence"]["listed"] == document["by_evidence"]["same_lesion"] == 425
    assert document["n_listed_or_same_lesion"] == 433
    listed = [pair for pair in document["pairs"] if "listed" in pair["evidence"]]
    differing = [pair for pair in listed if pair["disagreements"]]
    assert [(pair["image_name_1"], pair["image_name_2"]) for pair in differing] == [
        ("ISIC_2138357", "ISIC_5097912")
    ]
    assert differing[0]["disagreements"] == {
        "anatom_site_general_challenge": ["upper extremity", "torso"]
    }


@pytest.mark.real
def test_isic_2020_is_audited_from_the_shell(real_data: Path) -> None:
    done = cygnet("audit", real_data / "isic2020", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["facts"]["train"]["n_malignant"] == 584
    errors = [one["code"] for one in document["findings"] if one["level"] == "error"]
    assert errors == ["missing-images"]
