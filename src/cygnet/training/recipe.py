"""What exactly is trained? One frozen, typed recipe, read from TOML; an unknown key is refused.

A recipe that ships with Cygnet is asked for by name (``tiny``, ``cpu``); any other by its file.
Every run keeps its resolved copy as ``recipe.toml``.
"""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cygnet.errors import Fault, RecipeError

_MAX_BYTES = 1024**2

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Triple = tuple[float, float, float]
Model = TypeVar("Model", bound="Frozen")


class Frozen(BaseModel):
    """A section of a recipe: immutable, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NetworkRecipe(Frozen):
    """The backbone, and the pixels it sees: (value / 255 - mean) / deviation at ``size_px``."""

    backbone: str
    options: dict[str, bool | int | float | str] = {}
    size_px: Annotated[int, Field(ge=32, le=2048)]
    geometry: Literal["squash", "crop", "pad"] = "squash"
    dropout: Fraction = 0.2
    input_mean: Triple = (0.5, 0.5, 0.5)
    input_deviation: Triple = (0.5, 0.5, 0.5)
    pooling: Literal["average", "gem"] = "average"
    metadata: bool = False
    """Whether age, sex and site add to the logit; each may be missing."""
    multi_sample_dropout: Annotated[int, Field(ge=1, le=32)] = 1
    """How many draws of dropout share one pass of the backbone; their logits are averaged."""
    targets: Literal["binary", "diagnosis"] = "binary"


class StageRecipe(Frozen):
    """One pass of optimisation: AdamW, linear warm-up, cosine to zero, averaged weights."""

    epochs: Annotated[int, Field(ge=1, le=1000)]
    batch_size: Annotated[int, Field(ge=2, le=4096)]
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0)]
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.02
    warmup_fraction: Fraction = 0.1
    label_smoothing: Annotated[float, Field(ge=0.0, lt=0.5)] = 0.0
    average_decay: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.99
    gradient_clip_norm: Annotated[float, Field(gt=0.0)] = 5.0
    melanoma_fraction: Fraction | None = None
    """Draw melanomas so that they make up this share of an epoch; None draws every image once."""
    balance: Literal["none", "class", "patient"] = "none"
    """Draw each class, or each patient, equally often in an epoch."""
    loss: Literal["bce", "ce", "focal"] = "bce"
    focal_gamma: Annotated[float, Field(ge=0.0, le=10.0)] = 2.0
    mixup: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    """Both parameters of the Beta distribution that the share of a picture is drawn from; 0: off.
    With ``cutmix`` too, one of them is drawn for each picture."""
    cutmix: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0
    accumulate: Annotated[int, Field(ge=1, le=1024)] = 1
    """How many passes a batch is cut into; the step is that of the whole batch."""
    layer_decay: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """The learning rate's factor from one layer of the backbone to the one before it."""
    with_extra: bool = False
    """Learn from the extra datasets in each fold too, beside the fold's own images."""
    size_px: Annotated[int, Field(ge=32, le=2048)] | None = None
    """The pictures' side in this stage; None: the network's, at which it is scored."""

    @model_validator(mode="after")
    def _one_way_to_draw(self) -> Self:
        if self.melanoma_fraction is not None and self.balance != "none":
            raise ValueError("`melanoma_fraction` and `balance` both say how to draw; give one")
        return self


class AugmentRecipe(Frozen):
    """How a training image is varied. Amounts are the largest that is drawn."""

    dihedral: bool = True
    rotation_degrees: Annotated[float, Field(ge=0.0, le=180.0)] = 180.0
    zoom: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.15
    shift: Annotated[float, Field(ge=0.0, le=0.5)] = 0.05
    brightness: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.1
    contrast: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.15
    saturation: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.15
    cutout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    colour_constancy: Fraction = 0.0
    """The share of pictures whose light is made white (shades of grey)."""
    blur: Annotated[float, Field(ge=0.0, le=0.05)] = 0.0
    """Largest standard deviation of a Gaussian blur, as a share of the picture's side."""
    hairs: Annotated[int, Field(ge=0, le=64)] = 0


class MachineRecipe(Frozen):
    """How the arithmetic is done, and how often it is kept. Nothing here is about lesions."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """``auto`` is bfloat16 on a GPU and float32 on a processor."""
    channels_last: bool = True
    compile: bool = False
    checkpoint_every_s: Annotated[float, Field(ge=0.0)] = 600.0
    """Within an epoch; its end is always kept."""


class Recipe(Frozen):
    """All that a run needs to be made again, but the data."""

    name: str
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 2020
    n_folds: Annotated[int, Field(ge=2, le=100)] = 5
    start: Literal["random", "shipped", "timm"] = "random"
    """Where the weights start when no ``--weights`` file is given."""
    network: NetworkRecipe
    augment: AugmentRecipe = AugmentRecipe()
    pretrain: StageRecipe | None = None
    """Once, on the extra datasets alone; left out when there are none."""
    finetune: StageRecipe
    test_time_views: Literal[1, 2, 4, 8] = 8
    machine: MachineRecipe = MachineRecipe()

    def stages(self) -> list[StageRecipe]:
        """Give the stages in their order."""
        return [*([self.pretrain] if self.pretrain is not None else []), self.finetune]

    def learns_from_extra(self) -> bool:
        """Tell whether any stage learns from the extra datasets."""
        return self.pretrain is not None or self.finetune.with_extra

    @model_validator(mode="after")
    def _no_stage_enlarges(self) -> Self:
        largest = self.network.size_px
        if any(stage.size_px is not None and stage.size_px > largest for stage in self.stages()):
            raise ValueError(
                f"a stage's `size_px` is larger than the network's {largest} px, the size that "
                "images are packed at"
            )
        return self

    @model_validator(mode="after")
    def _loss_fits_targets(self) -> Self:
        if self.network.targets == "diagnosis" and any(one.loss == "bce" for one in self.stages()):
            raise ValueError(
                '`bce` judges melanoma alone; with `targets = "diagnosis"` the loss is `ce` or '
                "`focal`"
            )
        return self

    def sentence(self) -> str:
        """Say in one line what is trained."""
        network = self.network
        return f"{self.n_folds} x {network.backbone} at {network.size_px} px (recipe {self.name})"


def shipped_recipes() -> list[str]:
    """Name the recipes that ship with Cygnet."""
    folder = resources.files("cygnet.training") / "recipes"
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))


def read_recipe(name_or_file: str) -> Recipe:
    """Read a shipped recipe by name, or any other by its path.

    Raises :class:`RecipeError` for an unknown name, broken TOML, an unknown key or a value that is
    out of range; every faulty key is named at once.
    """
    if name_or_file in shipped_recipes():
        entry = resources.files("cygnet.training") / "recipes" / f"{name_or_file}.toml"
        return _validated(entry.read_text(encoding="utf-8"), Path(f"{name_or_file}.toml"))
    file = Path(name_or_file)
    if not file.is_file():
        known = ", ".join(shipped_recipes())
        raise RecipeError.of(
            f"There is no recipe and no file named {name_or_file}.",
            f"The recipes that ship with Cygnet are: {known}.",
        )
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise RecipeError.of(
                "This is too large to be a recipe.", "Give a TOML file.", file=file
            )
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError.of(
            "This recipe is not UTF-8 text.", "Save it as UTF-8.", file=file
        ) from error
    return _validated(text, file)


def _validated(text: str, file: Path) -> Recipe:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # tomllib lets out more than its own error: endless numbers, endless brackets.
        raise RecipeError.of(
            f"This recipe is not TOML: {error}.", "Mend that line.", file=file
        ) from error
    return validate_section(Recipe, document, file)


def validate_section(model: type[Model], document: dict[str, object], file: Path) -> Model:
    """Validate ``document`` as ``model``; :class:`RecipeError` has one fault a faulty key."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = tuple(
            Fault(
                f"`{'.'.join(str(part) for part in found['loc']) or 'recipe'}`: {found['msg']}.",
                "Mend or remove this key.",
                file,
            )
            for found in error.errors(include_url=False)
        )
        raise RecipeError(*faults) from error


def recipe_toml(recipe: Recipe) -> str:
    """Give the resolved recipe as TOML that :func:`read_recipe` reads back."""
    return "\n".join(_toml_lines(recipe.model_dump(exclude_none=True), ""))


def _toml_lines(section: dict[str, object], prefix: str) -> list[str]:
    plain = {key: value for key, value in section.items() if not isinstance(value, dict)}
    lines = [f"{key} = {_toml_value(value)}" for key, value in plain.items()]
    for key, value in section.items():
        if isinstance(value, dict) and value:
            name = f"{prefix}{key}"
            lines += ["", f"[{name}]", *_toml_lines(value, f"{name}.")]
    return lines if prefix else [*lines, ""]


def _toml_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    return repr(value)
