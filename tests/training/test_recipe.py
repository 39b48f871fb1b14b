"""A recipe is exact: it says all that a run needs, and refuses what it does not know."""

from pathlib import Path

import pytest

from cygnet.errors import RecipeError
from cygnet.training.recipe import read_recipe, recipe_toml, shipped_recipes

MINIMAL = 'name = "x"\n[network]\nbackbone = "resnet18"\nsize_px = 64\n'
STAGE = "[finetune]\nepochs = 1\nbatch_size = 4\nlearning_rate = 1e-3\n"


def written(folder: Path, text: str) -> str:
    file = folder / "recipe.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("name", ["tiny", "cpu", "gpu", "winner"])
def test_a_shipped_recipe_is_found_by_name_and_says_how_it_is_run(name: str) -> None:
    assert name in shipped_recipes()
    assert read_recipe(name).name == name


@pytest.mark.parametrize("name", ["tiny", "cpu", "gpu", "winner"])
def test_a_resolved_recipe_reads_back_as_itself(name: str, tmp_path: Path) -> None:
    recipe = read_recipe(name)
    assert read_recipe(written(tmp_path, recipe_toml(recipe))) == recipe


def test_extra_data_are_learnt_from_before_the_folds_or_in_them() -> None:
    assert read_recipe("cpu").learns_from_extra()
    assert read_recipe("winner").learns_from_extra()
    assert not read_recipe("tiny").learns_from_extra()


def test_an_unknown_key_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"finetune\.epoch.*Extra inputs"):
        read_recipe(written(tmp_path, MINIMAL + STAGE + "epoch = 3\n"))


def test_every_value_out_of_range_is_named_at_once(tmp_path: Path) -> None:
    text = MINIMAL.replace("64", "7") + STAGE.replace("epochs = 1", "epochs = 0")
    with pytest.raises(RecipeError) as refused:
        read_recipe(written(tmp_path, text))
    assert "network.size_px" in str(refused.value)
    assert "finetune.epochs" in str(refused.value)


def test_a_stage_larger_than_the_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="larger than the network's 64 px"):
        read_recipe(written(tmp_path, MINIMAL + STAGE + "size_px = 96\n"))


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="line 1"):
        read_recipe(written(tmp_path, "name = \n"))


def test_an_unknown_name_lists_the_recipes_that_ship() -> None:
    with pytest.raises(RecipeError, match=r"cpu.*tiny"):
        read_recipe("tyni")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "9" * 5000, "is not TOML"),
        ("a = " + "[" * 5000, "is not TOML"),
        ("a = 1979-02-30", "is not TOML"),
        ("#" * 2_000_000, "too large to be a recipe"),
    ],
)
def test_what_the_parser_itself_breaks_on_is_refused(tmp_path: Path, text: str, said: str) -> None:
    # Found by fuzzing: numbers and brackets without end were tracebacks.
    file = tmp_path / "recipe.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match=said):
        read_recipe(str(file))
