"""What does a killed run go on from? Tensors as safetensors beside a JSON that describes them.

Never pickle: a checkpoint that somebody sends cannot run code. The JSON is written last and names
the hash of its tensors, so a pair that does not belong together is not read.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.optim import Optimizer

from cygnet.durable import write_text_whole, write_whole
from cygnet.errors import ModelError

FORMAT = 1


def write_checkpoint(
    path: Path, tensors: dict[str, Tensor], description: dict[str, Any], *, again: bool = False
) -> None:
    """Write the tensors, then ``path``.json, which names their file and its hash.

    The file is ``path``.safetensors; where the checkpoint is written ``again`` and again it is
    ``path``-0 or ``path``-1 by turns, so that a kill between the two files leaves the one before.
    """
    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    names = [
        f"{path.name}-{turn}.safetensors" if again else f"{path.name}.safetensors"
        for turn in range(2)
    ]
    file = names[0] if _tensors_name(path) != names[0] else names[1]
    with write_whole(path.with_name(file)) as stream:
        stream.write(content)
    digest = hashlib.sha256(content).hexdigest()
    document = {"format": FORMAT, "tensors": file, "tensors_sha256": digest, **description}
    write_text_whole(path.with_suffix(".json"), json.dumps(document, indent=2) + "\n")


def remove_checkpoint(path: Path) -> None:
    """Remove ``path``.json and then all of its tensors."""
    path.with_suffix(".json").unlink(missing_ok=True)
    for suffix in ("", "-0", "-1"):
        path.with_name(f"{path.name}{suffix}.safetensors").unlink(missing_ok=True)


def _tensors_name(path: Path) -> str | None:
    try:
        document = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(document.get("tensors")) if isinstance(document, dict) else None


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Read a pair, or give ``None`` where there is none, or its two files are of two writings.

    Raises :class:`ModelError` for a checkpoint of another format or one that is no JSON.
    """
    described = path.with_suffix(".json")
    if not described.is_file():
        return None
    try:
        document = json.loads(described.read_text(encoding="utf-8"))
        own = str(document.pop("tensors", f"{path.name}.safetensors"))
        tensors_file = path.with_name(Path(own).name)
        if document.get("format") != FORMAT:
            raise ModelError.of(
                f"This checkpoint has format {document.get('format')!r}, not {FORMAT}.",
                "Train again, or use the version of Cygnet that wrote it.",
                file=described,
            )
        if not tensors_file.is_file():
            return None
        content = tensors_file.read_bytes()
        if document.pop("tensors_sha256") != hashlib.sha256(content).hexdigest():
            return None
        return load(content), document
    except (json.JSONDecodeError, KeyError, AttributeError, SafetensorError) as error:
        raise ModelError.of(
            "This checkpoint is damaged.", "Remove it; training starts again there.", file=described
        ) from error


def optimiser_tensors(optimiser: Optimizer, network: nn.Module) -> dict[str, Tensor]:
    """Flatten an optimiser's state to tensors named ``PARAMETER/STATE``."""
    names: dict[Tensor, str] = {p: name for name, p in network.named_parameters()}
    flat: dict[str, Tensor] = {}
    for parameter, state in optimiser.state.items():
        for key, value in state.items():
            flat[f"{names[parameter]}/{key}"] = torch.as_tensor(value)
    return flat


def restore_optimiser(optimiser: Optimizer, network: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Give an optimiser back what :func:`optimiser_tensors` took from it."""
    by_name = dict(network.named_parameters())
    for name, tensor in tensors.items():
        parameter_name, key = name.rsplit("/", 1)
        parameter = by_name[parameter_name]
        like = parameter if tensor.shape == parameter.shape and tensor.ndim > 0 else None
        # The count of steps too: on a GPU the fused AdamW keeps it there.
        value = tensor.to(parameter.device, copy=True)
        if (
            like is not None
            and like.is_contiguous(memory_format=torch.channels_last)
            and like.ndim == 4
        ):
            value = value.contiguous(memory_format=torch.channels_last)
        optimiser.state[parameter][key] = value
