"""Which start weights ship with Cygnet, and what were they trained on?

Only the synthetic twin: ``benchmarks/start_weights.py`` draws one from another seed than the
quickstart's and trains the backbone on it. No real image was used.
"""

from importlib import resources
from pathlib import Path

from cygnet.errors import RecipeError


def shipped_weights_file(backbone: str) -> Path:
    """Give where the start weights of ``backbone`` stand, or would."""
    folder = resources.files("cygnet.training") / "start_weights"
    return Path(str(folder / f"{backbone}.safetensors"))


def shipped_weights(backbone: str) -> Path:
    """Give the file of the start weights of ``backbone``; :class:`RecipeError` where none ship."""
    file = shipped_weights_file(backbone)
    if not file.is_file():
        raise RecipeError.of(
            f"No start weights ship for {backbone}.",
            "Give a file with --weights, or set start to random or timm in the recipe.",
        )
    return file
