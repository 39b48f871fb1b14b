"""The exception tree: what the user can mend, and the rest.

::

    CygnetError
    ├── InputError           the user can mend it: exit 1, one message, no traceback
    │   ├── TableError       a table, a prediction file, a folds file
    │   ├── ImageError       one image: unreadable, truncated, not what its name says
    │   ├── RecipeError      a recipe, its weights or its network
    │   ├── ModelError       a RUN or a model.onnx
    │   ├── StorageError     no space, no permission, a name already taken
    │   ├── FetchError       a download that is not whole, or not what was announced
    │   └── MissingExtraError   a package that an optional extra would install
    └── WorkerError          a shard's worker died; not the input's fault

An :class:`InputError` carries one or more :class:`Fault`: the rule, what was met, where, and the
remedy. Nothing here reads or prints.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

MAX_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Offender:
    """One place that breaks a rule.

    ``row`` is the line of the file as an editor counts it (the header is line 1), or ``None``
    where rows mean nothing. ``value`` is what stands there, already safe to show; where it is
    empty, the row alone is named. ``row_of`` names the file of the row where it is not the fault's.
    """

    value: str
    row: int | None = None
    row_of: str | None = None

    def __str__(self) -> str:
        shown = self.value if len(self.value) <= 80 else self.value[:77] + "..."
        shown = shown.encode("unicode_escape").decode("ascii") if not shown.isprintable() else shown
        if self.row is None:
            return repr(shown)
        place = f"row {self.row}" if self.row_of is None else f"row {self.row} of {self.row_of}"
        return f"{place}: {shown!r}" if shown else place


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule, those who break it, and what to do.

    ``count`` is how many break it in all; ``offenders`` names at most the first five of them.
    ``code`` is a word for programs, empty where none asks for it.
    """

    rule: str
    remedy: str
    file: Path | None = None
    offenders: tuple[Offender, ...] = ()
    count: int | None = None
    code: str = ""

    def __str__(self) -> str:
        place = f"{self.file}: " if self.file is not None else ""
        text = f"{place}{self.rule}"
        if self.offenders:
            count = self.count if self.count is not None else len(self.offenders)
            shown = ", ".join(str(offender) for offender in self.offenders[:MAX_SHOWN])
            more = ", ..." if count > min(len(self.offenders), MAX_SHOWN) else ""
            text += f" Found {count}: {shown}{more}."
        return f"{text} {self.remedy}"


class CygnetError(Exception):
    """The root of every error that Cygnet raises by itself."""


class InputError(CygnetError):
    """Something that the user can mend. The command line exits with 1 and prints the faults."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults

    @classmethod
    def of(
        cls,
        rule: str,
        remedy: str,
        *,
        file: Path | None = None,
        offenders: Sequence[Offender] = (),
        count: int | None = None,
        code: str = "",
    ) -> Self:
        """Build the error from a single fault; ``offenders`` may be longer than is shown."""
        shown = tuple(offenders[:MAX_SHOWN])
        n_all = count if count is not None else len(offenders)
        return cls(Fault(rule, remedy, file, shown, n_all, code))

    def __reduce__(self) -> tuple[type[Self], tuple[Fault, ...]]:
        """Cross a process boundary with the faults whole."""
        return type(self), self.faults


class TableError(InputError):
    """A table, a prediction file or a folds file breaks a rule."""


class ImageError(InputError):
    """One image cannot be used: unreadable, truncated, too large, or not what its name says."""


class RecipeError(InputError):
    """A recipe, the weights it starts from, or the network it names cannot be used."""


class ModelError(InputError):
    """A RUN or a ``model.onnx`` is not one, or does not fit what is asked of it."""


class StorageError(InputError):
    """Something could not be written: no space, no permission, or a name already taken."""


class FetchError(InputError):
    """A download is not whole, was refused, or is not what its registry or its server announced."""


class MissingExtraError(InputError):
    """A package is missing that one of Cygnet's optional extras installs."""


class WorkerError(CygnetError):
    """A worker process died (out of memory, killed) before its shard was done."""
