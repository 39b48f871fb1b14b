"""Do the options of ``score`` that fit something name the folds to fit it on? Else exit 2."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cygnet.errors import InputError

if TYPE_CHECKING:
    from cygnet.evaluation import ThresholdRule


def rule_of(text: str | None) -> "ThresholdRule | None":
    """Read ``--choose-threshold``; exit 2 where it is no rule."""
    from cygnet.evaluation import ThresholdRule

    if text is None:
        return None
    try:
        return ThresholdRule.of(text)
    except InputError as error:
        raise typer.BadParameter(str(error), param_hint="--choose-threshold") from error


def needs_folds(folds: Path | None, recalibrate: str | None, rule: "ThresholdRule | None") -> None:
    """Exit 2 where a fit has no folds to be made on, and where folds have nothing to serve."""
    wanted = recalibrate is not None or rule is not None
    if wanted and folds is None:
        raise typer.BadParameter(
            "--recalibrate and --choose-threshold need --folds FILE: fitted on the images that "
            "are scored, the numbers would flatter.",
            param_hint="--folds",
        )
    if folds is not None and not wanted:
        raise typer.BadParameter(
            "--folds serves --recalibrate or --choose-threshold: give one of them.",
            param_hint="--folds",
        )
