"""Where does the arithmetic happen, in which numbers, and what does a full memory mean?"""

import ctypes
import platform
from dataclasses import dataclass

import torch

from cygnet.errors import RecipeError
from cygnet.training.processes import Processes
from cygnet.training.recipe import MachineRecipe

_FULL_WORDS = ("out of memory", "can't allocate memory", "not enough memory")


# glibc's M_MMAP_MAX and M_TRIM_THRESHOLD.
_MMAP_MAX, _TRIM_THRESHOLD = -4, -1
_NEVER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Machine:
    """The device, whether to use bfloat16 there, and the layout of images in its memory."""

    device: torch.device
    bfloat16: bool
    channels_last: bool = True

    @classmethod
    def at_hand(
        cls, recipe: MachineRecipe | None = None, processes: Processes | None = None
    ) -> "Machine":
        """Take what the recipe asks for: by default a CUDA device, else the processor.

        Raises :class:`RecipeError` when a GPU is asked for and there is none for this process.
        """
        recipe = recipe or MachineRecipe()
        local_rank = processes.local_rank if processes is not None else 0
        n_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
        wanted = recipe.device == "cuda" or (recipe.device == "auto" and n_gpus > 0)
        if wanted and local_rank >= n_gpus:
            raise RecipeError.of(
                f"The recipe asks for a GPU for process {local_rank + 1} of this machine; torch "
                f"{torch.__version__} sees {n_gpus}.",
                'Set device = "auto" under [machine] where there is no GPU, start no more '
                "processes than there are GPUs, or install a torch built for them.",
            )
        device = torch.device("cuda", local_rank) if wanted else torch.device("cpu")
        bfloat16 = wanted if recipe.precision == "auto" else recipe.precision == "bfloat16"
        return cls(device, bfloat16, recipe.channels_last)

    @property
    def memory_format(self) -> torch.memory_format:
        """How images and weights lie in memory."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    @property
    def is_cuda(self) -> bool:
        """Whether it is a GPU, which works while the processor goes on."""
        return self.device.type == "cuda"

    def autocast(self) -> torch.autocast:
        """Give the context in which the network runs."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, and tell whether its C library does so.

    Every step on a processor asks for the same large blocks again. glibc maps each anew, and the
    system fills it with zeros page by page: a third of a step's time
    (``benchmarks/processor_training.py``).
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return bool(library.mallopt(_MMAP_MAX, 0) and library.mallopt(_TRIM_THRESHOLD, _NEVER))


def arithmetic(recipe: MachineRecipe | None = None) -> dict[str, str | int]:
    """Give what a repetition must share to get the same bits."""
    processes = Processes.at_hand()
    machine = Machine.at_hand(recipe, processes)
    return {
        "device": machine.device.type,
        "threads": torch.get_num_threads(),
        "numbers": "bfloat16" if machine.bfloat16 else "float32",
        "processes": processes.count,
        "torch": torch.__version__,
        "kernels": torch.backends.cpu.get_cpu_capability(),
    }


def is_out_of_memory(error: RuntimeError) -> bool:
    """Tell whether an error of torch says that the device's memory is full."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return any(words in str(error).lower() for words in _FULL_WORDS)
