"""Several prediction files, joined by id: what is kept, what is said, what is refused."""

from pathlib import Path

import pytest

from cygnet.errors import TableError
from cygnet.report.reading import model_names, read_models, read_without_truth

TRUTH = "image_name,patient_id,target\n" + "".join(f"I_{n},P_{n // 2},{n % 2}\n" for n in range(8))


def written(folder: Path, name: str, images: range, *, start: float = 0.1) -> Path:
    path = folder / f"{name}.csv"
    rows = [f"I_{n},{start + n / 20:.2f}\n" for n in images]
    path.write_text("image_name,target\n" + "".join(rows), encoding="utf-8")
    return path


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "truth.csv"
    path.write_text(TRUTH, encoding="utf-8")
    return path


def test_files_in_any_order_of_rows_are_joined_by_id(truth: Path, tmp_path: Path) -> None:
    a = written(tmp_path, "a", range(8))
    b = written(tmp_path, "b", range(7, -1, -1))
    read = read_models(truth, [a, b])
    assert list(read.tables) == ["a", "b"]
    assert read.tables["a"].equals(read.tables["b"])
    assert read.notices == ()
    scores, notices = read_without_truth([a, b])
    assert scores["a"].tolist() == scores["b"].tolist()
    assert notices == ()


def test_files_of_other_images_are_refused_and_their_common_ones_kept_when_asked(
    truth: Path, tmp_path: Path
) -> None:
    files = [written(tmp_path, "a", range(6)), written(tmp_path, "b", range(2, 8))]
    with pytest.raises(TableError, match="no prediction") as refused:
        read_models(truth, files)
    # The faults of both files at once.
    assert {fault.file for fault in refused.value.faults} == set(files)
    read = read_models(truth, files, common=True)
    assert read.first["image_name"].to_list() == ["I_2", "I_3", "I_4", "I_5"]
    assert read.common() == {"n_common": 4, "n_truth": 8, "n_predictions": {"a": 6, "b": 6}}
    assert read.notices == (
        "Scored are the 4 images that all files hold (--common); the truth holds 8, a 6, b 6.",
    )


def test_without_a_truth_files_of_other_images_are_refused_or_cut_alike(tmp_path: Path) -> None:
    files = [written(tmp_path, "a", range(6)), written(tmp_path, "b", range(2, 8))]
    with pytest.raises(TableError, match=r"do not hold the same images; 4 are in all of them") as e:
        read_without_truth(files)
    assert "--common" in str(e.value)
    scores, notices = read_without_truth(files, common=True)
    assert [one.size for one in scores.values()] == [4, 4]
    assert scores["a"].tolist() == scores["b"].tolist()
    assert "a 6, b 6" in notices[0]
    with pytest.raises(TableError, match="no image id in common"):
        read_without_truth([files[0], written(tmp_path, "c", range(20, 22))], common=True)


def test_without_a_truth_any_finite_number_is_a_score(truth: Path, tmp_path: Path) -> None:
    logits = [
        written(tmp_path, name, range(8), start=start) for name, start in (("a", -3), ("b", 9))
    ]
    scores, _ = read_without_truth(logits)
    assert scores["a"].min() == -3
    with pytest.raises(TableError, match="outside 0 to 1"):
        read_models(truth, logits)
    logits[0].write_text("image_name,target\nI_0,inf\n", encoding="utf-8")
    logits[1].write_text("image_name,target\nI_0,high\n", encoding="utf-8")
    with pytest.raises(TableError) as refused:
        read_without_truth(logits)
    assert {fault.file for fault in refused.value.faults} == set(logits)


def test_common_images_of_one_class_are_refused(truth: Path, tmp_path: Path) -> None:
    files = []
    for name, images in (("a", "0246"), ("b", "02461")):
        path = tmp_path / f"{name}.csv"
        path.write_text("image_name,target\n" + "".join(f"I_{n},0.5\n" for n in images))
        files.append(path)
    with pytest.raises(TableError, match="both classes"):
        read_models(truth, [files[1], written(tmp_path, "c", range(2, 8))], common=True)


def test_a_fault_of_the_truth_is_told_once(truth: Path, tmp_path: Path) -> None:
    truth.write_text(TRUTH.replace("I_3,P_1,1", "I_3,P_1,7"), encoding="utf-8")
    files = [written(tmp_path, "a", range(8)), written(tmp_path, "b", range(8))]
    with pytest.raises(TableError) as refused:
        read_models(truth, files)
    assert len(refused.value.faults) == 1
    assert refused.value.faults[0].file == truth


def test_models_are_named_by_file_then_by_folder_then_by_place() -> None:
    assert model_names([Path("x/a.csv"), Path("b.csv")]) == ["a", "b"]
    assert model_names([Path("x/a.csv"), Path("y/a.csv"), Path("b.csv")]) == ["x/a", "y/a", "b"]
    assert model_names([Path("a.csv"), Path("y/a.csv")]) == ["a", "y/a"]
    assert model_names([Path("a.csv"), Path("a.csv")]) == ["a (1)", "a (2)"]
