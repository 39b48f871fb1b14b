"""Which number moved a lesion? The change that context makes to its logit, number by number.

Arrays only. Each patient's lesions are judged by a stage that was fitted on other patients, so that
what is told of them is not what was learnt from them.
"""

from dataclasses import dataclass, replace

import numpy as np

from cygnet.context.features import OWN
from cygnet.context.learners import Fitted, fit_raw
from cygnet.context.lesions import Codes, Floats, Lesions
from cygnet.context.nested import N_OUTER, context_arm, fit, folds_of, lesion_weights
from cygnet.context.set_network import Trainer
from cygnet.context.stage import Stage
from cygnet.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """What context makes of each lesion's logit.

    ``before`` ``(n_images,)`` is the calibrated logit of the lesion's own score, ``after`` that
    beside the patient's others, and ``parts`` ``(n_images, n_names)`` what each of ``names`` adds:
    a row adds up to ``after - before``. The first name is the lesion's own score, whose part is
    what weighing it otherwise makes; the others tell where the lesion stands among the patient's,
    and ``values`` ``(n_images, n_names)`` are what they were, 0 being usual. All parts are 0 for a
    patient's only lesion.
    """

    names: tuple[str, ...]
    values: Floats
    parts: Floats
    before: Floats
    after: Floats

    def of(self, images: Codes) -> "Contributions":
        """Give those of ``images`` alone."""
        return replace(
            self,
            values=self.values[images],
            parts=self.parts[images],
            before=self.before[images],
            after=self.after[images],
        )


def contributions(stage: Stage, lesions: Lesions) -> Contributions:
    """Take apart what ``stage`` makes of ``lesions``.

    A line's part is its weight times the standardised number, less the same at 0; a spline's the
    height of its curve above that at 0; of trees the SHAP value. With a rule or a line the parts
    are exact; with trees a number that acts through another shares its part with it.
    """
    columns = stage.features.columns(lesions)
    return _taken_apart(stage.raw, stage.fitted, columns, lesions)


def held_out_contributions(
    stage: Stage,
    lesions: Lesions,
    target: Codes,
    *,
    trainer: Trainer | None = None,
    seed: int = 0,
) -> Contributions:
    """Take apart what a stage like ``stage`` makes of each lesion that was not fitted on it.

    Patients are dealt into five folds; the stage's learner is fitted again on the others of each.
    What was learned of patients without a label is kept. ``target`` is ``(n_images,)`` of 0 and 1.
    Raises :class:`InputError` where ``stage`` has a learner that ``lesions`` cannot be given to,
    and :class:`TableError` where too few patients have a melanoma to deal folds.
    """
    known = {one.name: one for one in context_arm(lesions, trainer=trainer).candidates}
    if stage.chosen not in known:
        raise InputError.of(
            f"The context stage has the learner {stage.chosen!r}.",
            f"Known are {', '.join(known)}; fit it again with this version of Cygnet.",
        )
    candidate = known[stage.chosen]
    columns = stage.features.columns(lesions)
    weight = lesion_weights(lesions)
    outer = folds_of(lesions, target, k=N_OUTER, seed=seed)
    found = []
    for fold in range(N_OUTER):
        fitting, scored = outer != fold, np.flatnonzero(outer == fold)
        here = {name: values[fitting] for name, values in columns.items()}
        there = {name: values[scored] for name, values in columns.items()}
        raw = fit_raw(here, (OWN,), target[fitting].astype(np.float64), weight[fitting])
        fitted = fit(candidate, here, target[fitting], weight[fitting])
        found.append((scored, _taken_apart(raw, fitted, there, lesions, scored)))
    order = np.argsort(np.concatenate([scored for scored, _ in found]))
    parts = [one for _, one in found]
    return Contributions(
        parts[0].names,
        np.concatenate([one.values for one in parts])[order],
        np.concatenate([one.parts for one in parts])[order],
        np.concatenate([one.before for one in parts])[order],
        np.concatenate([one.after for one in parts])[order],
    )


def _taken_apart(
    raw: Fitted,
    fitted: Fitted,
    columns: dict[str, Floats],
    lesions: Lesions,
    images: Codes | slice = slice(None),
) -> Contributions:
    """Compare the logits of two learners; ``columns`` are those of ``images`` of ``lesions``."""
    before = raw.parts(columns).sum(axis=1)
    given, seen = fitted.parts(columns), fitted.seen(columns)
    names = (OWN, *(name for name in fitted.names if name != OWN))
    place = {name: at for at, name in enumerate(fitted.names)}
    parts = np.column_stack([given[:, place[name]] for name in names])
    # The constant goes to the own score: it is the same for all, and what is new is the weighing.
    parts[:, 0] += given[:, -1] - before
    parts[lesions.counts()[1][images] == 1] = 0.0
    values = np.column_stack([seen[name] for name in names])
    return Contributions(names, values, parts, before, before + parts.sum(axis=1))
