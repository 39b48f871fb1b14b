"""The reader of a trained model: alone and beside the others it says what the command says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from brief_context import judge_briefly
from cygnet.inference.model import open_model
from cygnet.inference.predict import Wanted, predict_files
from cygnet.pipeline import RunRequest, run
from cygnet.pipeline.context_apply import stage_of, with_context
from cygnet.site.reader.asking import About
from cygnet.site.reader.judging import Reader
from cygnet.site.reader.moves_words import why_moved
from cygnet.site.reader.together import read_together
from cygnet.site.reader.uploads import Upload
from cygnet.training.recipe import NetworkRecipe, Recipe, StageRecipe
from small_cohort import write_small_cohort

AGE = 50.0


class Quiet:
    """Progress that nobody sees."""

    def say(self, text: str) -> None:
        """Say nothing."""

    @contextmanager
    def bar(self, description: str, total: int) -> Iterator[Callable[[int], None]]:
        """Draw nothing."""
        del description, total
        yield lambda _: None


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Train a model with a context stage, as `cygnet run` does, on few patients."""
    judge_briefly(monkeypatch)
    write_small_cohort(tmp_path / "data", n_patients=16, images_a_patient=8)
    recipe = Recipe(
        name="small",
        n_folds=3,
        network=NetworkRecipe(backbone="mobilenetv3_small_050", size_px=32),
        finetune=StageRecipe(epochs=2, batch_size=16, learning_rate=2e-3),
        test_time_views=1,
    )
    out = tmp_path / "run"
    run(RunRequest(data=tmp_path / "data", out=out, recipe=recipe, workers=1), Quiet())
    return out


@pytest.mark.slow
def test_context_moves_lesions_as_prediction_by_the_same_model_does(
    trained: Path, tmp_path: Path
) -> None:
    files = sorted((tmp_path / "data/jpeg/train").glob("ISIC_0000*.jpg"))
    items = [(file.stem, file) for file in files]
    predicted = predict_files(trained, items, wanted=Wanted(embeddings=True))
    stage = stage_of(open_model(trained))
    assert stage is not None
    table = pl.DataFrame(
        {
            "image_name": predicted.image_names,
            "patient_id": ["one"] * len(items),
            "lesion_id": predicted.image_names,
            "age_approx": [AGE] * len(items),
            "anatom_site_general_challenge": pl.Series([None] * len(items), dtype=pl.String),
        }
    )
    beside = dict(
        zip(predicted.image_names, with_context(stage, predicted, table).tolist(), strict=True)
    )
    alone = dict(zip(predicted.image_names, predicted.probability.tolist(), strict=True))

    reader = Reader.open(trained, threads=1)
    try:
        uploads = [Upload(file.name, file.read_bytes()) for file in files]
        reading = read_together(reader.read(uploads, About(AGE, None)), reader)
    finally:
        reader.close()
    assert len(reading.lesions) == 8
    assert (reading.unchecked == "") == (reader.model.familiar is not None)
    for one in reading.lesions:
        name = Path(one.lesion.picture.name).stem
        assert one.alone == pytest.approx(alone[name], abs=1e-5)
        assert one.beside == pytest.approx(beside[name], abs=1e-4)
    assert reading.moves is not None
    told = [why_moved(reading.moves, at) for at in range(8)]
    assert all("Context" in said for said in told)
    assert max(abs(beside[name] - alone[name]) for name in alone) > 1e-3
