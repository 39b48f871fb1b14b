"""The main job from a folder to a RUN: whole, honest about what is absent, and resumable."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from safetensors.torch import load_file

from brief_context import judge_briefly
from cygnet.errors import ImageError, InputError, StorageError, TableError
from cygnet.evaluation import auroc
from cygnet.images.pack import write_pack
from cygnet.inference.model import open_model
from cygnet.inference.predict import predict_files
from cygnet.pipeline import RunRequest, run, train
from cygnet.pipeline.request import RunRecord, note_circumstances
from cygnet.training.recipe import AugmentRecipe, NetworkRecipe, Recipe, StageRecipe
from small_cohort import write_small_cohort


class Quiet:
    """Take progress, keep the lines and the bars, and stop where a test says."""

    def __init__(self, stop_at: str | None = None) -> None:
        self.lines: list[str] = []
        self.bars: dict[str, tuple[int, int]] = {}
        self.stop_at = stop_at

    def say(self, text: str) -> None:
        self.lines.append(text)
        if self.stop_at is not None and text.startswith(self.stop_at):
            raise KeyboardInterrupt

    @contextmanager
    def bar(self, description: str, total: int) -> Iterator[Callable[[int], None]]:
        done = [0]

        def advance(units: int) -> None:
            done[0] += units

        yield advance
        self.bars[description] = (done[0], total)


def small_recipe(**changes: object) -> Recipe:
    stage = StageRecipe(epochs=1, batch_size=16, learning_rate=2e-3)
    recipe = Recipe(
        name="small",
        n_folds=3,
        network=NetworkRecipe(backbone="mobilenetv3_small_050", size_px=32),
        augment=AugmentRecipe(),
        finetune=stage,
        test_time_views=1,
    )
    return recipe.model_copy(update=changes)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_small_cohort(tmp_path / "data", n_test=6)
    return tmp_path / "data"


@pytest.fixture
def request_(data: Path, tmp_path: Path) -> RunRequest:
    return RunRequest(data=data, out=tmp_path / "run", recipe=small_recipe(), command="cygnet run")


def test_a_run_leaves_everything_that_the_design_names(request_: RunRequest) -> None:
    progress = Quiet()
    result = run(request_, progress)
    left = {entry.name for entry in request_.out.iterdir()}
    assert left == {
        "audit.json", "embeddings.arrow", "fold-0", "fold-1", "fold-2", "folds.csv", "metrics.json",
        "model.onnx", "oof.csv", "pack", "recipe.toml", "report.html", "run.json", "submission.csv",
    }  # fmt: skip
    assert result.report == request_.out / "report.html"
    assert "Kaggle layout" in progress.lines[0]
    assert all(done == total for done, total in progress.bars.values())
    assert set(progress.bars) == {"packing", "training", "predicting the test set"}


def test_the_numbers_of_a_run_are_those_of_its_out_of_fold_file(request_: RunRequest) -> None:
    run(request_, Quiet())
    truth = pl.read_csv(request_.data / "train.csv")
    oof = pl.read_csv(request_.out / "oof.csv")
    metrics = json.loads((request_.out / "metrics.json").read_text())
    joined = truth.join(oof, on="image_name", suffix="_oof")
    assert oof.columns == ["image_name", "fold", "target"]
    assert joined.height == truth.height == metrics["n_images"]
    expected = auroc(joined["target"].to_numpy(), joined["target_oof"].to_numpy())
    assert metrics["auroc"]["estimate"] == pytest.approx(expected, abs=1e-12)
    assert set(metrics["baselines"]) == {"original_size", "age_sex_site", "n_images"}
    assert joined.group_by("patient_id").agg(pl.col("fold").n_unique())["fold"].max() == 1


def test_the_submission_is_what_predict_says_of_the_files(request_: RunRequest) -> None:
    run(request_, Quiet())
    submission = pl.read_csv(request_.out / "submission.csv")
    table = pl.read_csv(request_.data / "test.csv")
    assert submission["image_name"].to_list() == table["image_name"].to_list()
    files = [
        (name, request_.data / "jpeg" / "test" / f"{name}.jpg") for name in table["image_name"]
    ]
    predicted = predict_files(request_.out, files)
    assert predicted.trained_on == []
    assert submission["target"].to_list() == pytest.approx(predicted.probability.tolist(), abs=1e-6)


def test_train_stops_before_submission_and_report(request_: RunRequest) -> None:
    result = train(request_, Quiet())
    assert result.report is None
    assert (request_.out / "model.onnx").is_file()
    assert not (request_.out / "report.html").exists()
    assert not (request_.out / "submission.csv").exists()


@pytest.mark.parametrize("stop_at", ["the audit", "training", "exporting", "scoring", "writing"])
def test_a_run_stopped_anywhere_goes_on_and_ends_the_same(
    request_: RunRequest, tmp_path: Path, stop_at: str
) -> None:
    whole = replace(request_, out=tmp_path / "whole")
    run(whole, Quiet())
    with pytest.raises(KeyboardInterrupt):
        run(request_, Quiet(stop_at))
    run(replace(request_, resume=True), Quiet())
    for name in ("oof.csv", "submission.csv", "folds.csv"):
        first, second = whole.out / name, request_.out / name
        assert first.read_bytes() == second.read_bytes(), name


def test_a_run_is_not_overwritten(request_: RunRequest) -> None:
    train(request_, Quiet())
    before = hashlib.sha256((request_.out / "oof.csv").read_bytes()).digest()
    with pytest.raises(StorageError, match="--resume"):
        run(request_, Quiet())
    assert hashlib.sha256((request_.out / "oof.csv").read_bytes()).digest() == before


def test_a_run_is_resumed_only_by_what_began_it(request_: RunRequest) -> None:
    train(request_, Quiet())
    other = replace(request_, resume=True, recipe=small_recipe(seed=3))
    with pytest.raises(InputError, match="recipe"):
        run(other, Quiet())


def test_missing_images_stop_a_run_with_their_rows(data: Path, request_: RunRequest) -> None:
    for name in ("ISIC_0003001", "ISIC_0005002"):
        (data / "jpeg" / "train" / f"{name}.jpg").unlink()
    with pytest.raises(InputError, match=r"2 of 48 .*missing.*row 15.*ISIC_0003001.*--allow-miss"):
        run(request_, Quiet())
    assert not request_.out.exists()


def test_missing_images_may_be_allowed_and_are_told(data: Path, request_: RunRequest) -> None:
    (data / "jpeg" / "train" / "ISIC_0003001.jpg").unlink()
    (data / "jpeg" / "test" / "ISIC_9000001.jpg").unlink()
    result = run(replace(request_, allow_missing=True), Quiet())
    assert result.card.n_images == 47
    said = " ".join(result.notices)
    assert "1 of the 48 train images are missing" in said
    submission = pl.read_csv(request_.out / "submission.csv")
    assert submission.height == 6
    lacking = submission.filter(pl.col("image_name") == "ISIC_9000001")["target"].item()
    others = submission.filter(pl.col("image_name") != "ISIC_9000001")["target"].median()
    assert lacking == pytest.approx(others)
    assert "hold the median of the others" in said
    page = (request_.out / "report.html").read_text()
    assert "missing" in page
    assert "labelled images of the table" in page
    assert "no patient, lesion or known duplicate was in two of them" in page


def test_a_bad_image_stops_a_run_and_may_be_left_out(data: Path, request_: RunRequest) -> None:
    file = data / "jpeg" / "train" / "ISIC_0003001.jpg"
    file.write_bytes(file.read_bytes()[:300])
    with pytest.raises(ImageError, match="ISIC_0003001"):
        run(request_, Quiet())
    result = run(replace(request_, skip_bad_images=True, out=request_.out / "x"), Quiet())
    assert result.card.n_images == 47
    assert "ISIC_0003001" in " ".join(result.notices)


def test_a_patient_in_train_and_test_stops_a_run(data: Path, request_: RunRequest) -> None:
    table = pl.read_csv(data / "test.csv")
    leaking = table.with_columns(
        patient_id=pl.when(pl.int_range(pl.len()) == 2)
        .then(pl.lit("IP_0000001"))
        .otherwise("patient_id")
    )
    leaking.write_csv(data / "test.csv")
    with pytest.raises(TableError, match="IP_0000001"):
        run(request_, Quiet())


def test_equal_pictures_never_part(data: Path, request_: RunRequest) -> None:
    images = data / "jpeg" / "train"
    same = (images / "ISIC_0001001.jpg").read_bytes()
    for patient in (3, 5, 7, 9):
        (images / f"ISIC_{patient:04d}001.jpg").write_bytes(same)
    train(request_, Quiet())
    folds = pl.read_csv(request_.out / "folds.csv")
    names = [f"ISIC_{patient:04d}001" for patient in (1, 3, 5, 7, 9)]
    assert folds.filter(pl.col("image_name").is_in(names))["fold"].n_unique() == 1


def test_folds_that_leak_are_refused(request_: RunRequest, tmp_path: Path) -> None:
    table = pl.read_csv(request_.data / "train.csv")
    leaking = table.select("image_name", fold=pl.int_range(pl.len()) % 3)
    leaking.write_csv(tmp_path / "folds.csv")
    with pytest.raises(TableError, match="12 patients"):
        run(replace(request_, folds=tmp_path / "folds.csv"), Quiet())


def test_given_folds_are_used(request_: RunRequest, tmp_path: Path) -> None:
    table = pl.read_csv(request_.data / "train.csv")
    patient = pl.col("patient_id").str.slice(3).cast(pl.Int64)
    table.select("image_name", fold=patient // 6).write_csv(tmp_path / "folds.csv")
    train(replace(request_, folds=tmp_path / "folds.csv"), Quiet())
    assert pl.read_csv(request_.out / "folds.csv")["fold"].unique().sort().to_list() == [0, 1]
    assert (request_.out / "fold-1").is_dir()
    assert not (request_.out / "fold-2").exists()


def test_extra_images_are_learnt_from_and_never_scored(
    request_: RunRequest, tmp_path: Path
) -> None:
    extra = tmp_path / "extra"
    table = write_small_cohort(extra, seed=9)
    # One extra image has the name of a scored one, another is the same picture as a scored one.
    renamed = table.with_columns(
        image_name=pl.col("image_name").str.replace("ISIC_", "ISIC_5"),
        patient_id=pl.col("patient_id").str.replace("IP_0", "IP_5"),
    )
    for file in (extra / "jpeg" / "train").iterdir():
        file.rename(file.with_name(file.name.replace("ISIC_", "ISIC_5")))
    shared = request_.data / "jpeg" / "train" / "ISIC_0002002.jpg"
    (extra / "jpeg" / "train" / "ISIC_50004001.jpg").write_bytes(shared.read_bytes())
    named = renamed.with_columns(
        image_name=pl.when(pl.col("image_name") == "ISIC_50000001")
        .then(pl.lit("ISIC_0000001"))
        .otherwise("image_name")
    )
    named.write_csv(extra / "train.csv")
    (extra / "jpeg" / "train" / "ISIC_50000001.jpg").rename(
        extra / "jpeg" / "train" / "ISIC_0000001.jpg"
    )
    (extra / "train_original_size.csv").unlink()
    recipe = small_recipe(pretrain=StageRecipe(epochs=1, batch_size=16, learning_rate=1e-3))
    result = train(replace(request_, extra=(extra,), recipe=recipe), Quiet())
    said = " ".join(result.notices)
    assert "1 extra images share their image_name" in said
    assert "1 extra images are the same picture" in said
    assert result.card.n_images == 48
    oof = pl.read_csv(request_.out / "oof.csv")
    assert not oof["image_name"].str.starts_with("ISIC_5").any()
    assert (request_.out / "pretrain" / "final.safetensors").is_file()


def test_the_default_recipes_targets_take_a_table_without_diagnoses(request_: RunRequest) -> None:
    table = pl.read_csv(request_.data / "train.csv")
    lacking = [name for name in ("diagnosis", "benign_malignant") if name in table.columns]
    table.drop(lacking).write_csv(request_.data / "train.csv")
    network = NetworkRecipe(backbone="mobilenetv3_small_050", size_px=32, targets="diagnosis")
    stage = StageRecipe(epochs=1, batch_size=16, learning_rate=1e-3, loss="ce", size_px=32)
    train(replace(request_, recipe=small_recipe(network=network, finetune=stage)), Quiet())
    state = load_file(request_.out / "fold-1" / "final.safetensors")
    assert state["classes_seen"].tolist() == [True, *[False] * 7, True]
    scores = pl.read_csv(request_.out / "oof.csv")["target"]
    assert scores.is_between(0, 1).all()
    assert scores.n_unique() > 10


def test_diagnoses_metadata_and_extra_data_reach_each_fold(
    request_: RunRequest, tmp_path: Path
) -> None:
    extra = tmp_path / "extra"
    table = write_small_cohort(extra, n_patients=4, seed=9)
    for file in (extra / "jpeg" / "train").iterdir():
        file.rename(file.with_name(file.name.replace("ISIC_", "ISIC_5")))
    renamed = table.with_columns(
        pl.col("image_name").str.replace("ISIC_", "ISIC_5"),
        pl.col("patient_id").str.replace("IP_0", "IP_5"),
        diagnosis=pl.when(pl.col("target") == 1)
        .then(pl.lit("melanoma"))
        .otherwise(pl.lit("seborrheic keratosis")),
    )
    renamed.write_csv(extra / "train.csv")
    (extra / "train_original_size.csv").unlink()
    # Packed at another size than the extra images will be: one picture is still found in both.
    shared = extra / "jpeg" / "train" / "ISIC_50001001.jpg"
    shared.write_bytes((request_.data / "jpeg" / "train" / "ISIC_0002002.jpg").read_bytes())
    items = [(file.stem, file) for file in sorted((request_.data / "jpeg").rglob("*.jpg"))]
    write_pack(items, tmp_path / "pack", size_px=40, workers=1)
    network = NetworkRecipe(
        backbone="mobilenetv3_small_050", size_px=32, targets="diagnosis", metadata=True
    )
    stage = StageRecipe(epochs=1, batch_size=16, learning_rate=1e-3, loss="ce", with_extra=True)
    recipe = small_recipe(network=network, finetune=stage, n_folds=2)
    result = train(
        replace(request_, extra=(extra,), recipe=recipe, pack=tmp_path / "pack"), Quiet()
    )
    assert "1 extra images are the same picture" in " ".join(result.notices)
    state = load_file(request_.out / "fold-1" / "final.safetensors")
    # Melanoma and nevus of the table, keratosis of the extra data, and no class that is made up.
    assert state["classes_seen"].tolist() == [True] * 3 + [False] * 6
    rows = (request_.out / "fold-1" / "log.csv").read_text().splitlines()
    assert len(rows) == 2


def test_what_a_run_is_resumed_with_is_told_where_it_differs(tmp_path: Path) -> None:
    record = RunRecord(tmp_path / "run.json")
    assert note_circumstances(record, {"threads": 2, "device": "cpu"}) is None
    again = RunRecord(record.file, json.loads(record.file.read_text()))
    assert note_circumstances(again, {"threads": 2, "device": "cpu"}) is None
    said = note_circumstances(again, {"threads": 4, "device": "cpu"})
    assert said is not None
    assert "threads 4 (was 2)" in said
    back = RunRecord(record.file, json.loads(record.file.read_text()))
    assert note_circumstances(back, {"threads": 2, "device": "cpu"}) == said


def test_a_given_pack_is_used_and_what_it_lacks_is_packed(
    request_: RunRequest, tmp_path: Path
) -> None:
    from cygnet.images.pack import open_pack, write_pack

    files = sorted((request_.data / "jpeg" / "train").iterdir())
    write_pack([(f.stem, f) for f in files], tmp_path / "pack", size_px=32, workers=1)
    run(replace(request_, pack=tmp_path / "pack"), Quiet())
    assert len(open_pack(request_.out / "pack").image_names) == 6


def test_a_table_without_patients_is_run_by_image(tmp_path: Path) -> None:
    folder = tmp_path / "ham"
    table = write_small_cohort(folder)
    (folder / "train.csv").unlink()
    (folder / "train_original_size.csv").unlink()
    (folder / "jpeg" / "train").rename(folder / "images")
    (folder / "jpeg").rmdir()
    (folder / "images").rename(folder / "jpeg")
    table.select(isic_id="image_name", target="target").write_csv(folder / "metadata.csv")
    request = RunRequest(data=folder, out=tmp_path / "run", recipe=small_recipe())
    result = run(request, Quiet())
    assert result.card.n_images == 48
    assert any("names no patients" in sentence for sentence in result.notices)


def test_without_the_train_extra_a_run_names_it(
    request_: RunRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cygnet.pipeline.job.find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"cygnet\[train\]"):
        run(request_, Quiet())
    assert not request_.out.exists()


def test_where_patients_are_enough_context_is_judged_and_told(
    request_: RunRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_briefly(monkeypatch)
    run(replace(request_, workers=1), Quiet())
    judged = json.loads((request_.out / "judgement.json").read_text(encoding="utf-8"))
    assert judged["difference"]["metric"] == "auroc"
    document = (request_.out / "context.json").read_text(encoding="utf-8")
    assert open_model(request_.out).context == document
    written = (request_.out / "report.html").read_text(encoding="utf-8")
    assert "other lesions help?" in written
    assert 'id="figure-context"' in written
    assert 'id="figure-patient-map-1"' in written
    assert 'id="figure-patient-moves-1"' in written
    assert "no claim can be made that it helps here" in written


def test_where_they_are_not_patients_lie_on_a_map_without_context(request_: RunRequest) -> None:
    run(request_, Quiet())
    written = (request_.out / "report.html").read_text(encoding="utf-8")
    assert 'id="figure-patient-map-1"' in written
    assert 'id="figure-patient-moves-1"' not in written
    assert "Places with context are not shown. Of the" in written
    assert "The map keeps" in written
