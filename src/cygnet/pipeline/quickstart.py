"""The main job on a synthetic cohort: does Cygnet work here, and what does it look like?"""

from pathlib import Path

from cygnet.pipeline.job import RunResult, require_train_extra, run
from cygnet.pipeline.request import TWIN, Progress, RunRequest
from cygnet.training.recipe import read_recipe

PREVALENCE = 0.15
SEED = 2020
NOTE = (
    f"Synthetic pictures, melanoma prevalence raised to {PREVALENCE:.0%}: these figures say that "
    "the software works here, and nothing about skin."
)
_N_PATIENTS = 48
_N_TEST_PATIENTS = 6
_SIZE_PX = 192


def quickstart(out: Path, progress: Progress, *, command: str) -> RunResult:
    """Draw a cohort into ``out``/twin where it is not there yet, then run on it into ``out``.

    Going on with a quickstart that was stopped, or showing again one that is done, is the same
    call. Raises what :func:`run` raises.
    """
    require_train_extra()
    twin = out / TWIN
    if not twin.is_dir():
        _draw(twin, progress)
    request = RunRequest(
        data=twin,
        out=out,
        recipe=read_recipe("tiny"),
        resume=True,
        command=command,
        title="Quickstart on a synthetic cohort",
        remarks=(NOTE,),
    )
    return run(request, progress)


def _draw(twin: Path, progress: Progress) -> None:
    from cygnet.curation.synth import count_images, write_twin

    total = count_images(_N_PATIENTS, SEED, n_test_patients=_N_TEST_PATIENTS)
    with progress.bar("drawing lesions", total) as advance:
        write_twin(
            twin,
            n_patients=_N_PATIENTS,
            n_test_patients=_N_TEST_PATIENTS,
            seed=SEED,
            size_px=_SIZE_PX,
            melanoma_prevalence=PREVALENCE,
            progress=advance,
        )
