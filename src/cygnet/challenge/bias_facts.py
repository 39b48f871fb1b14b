"""What is known of a contest that its report can say? Nothing that a person has to remember."""

from dataclasses import dataclass
from datetime import datetime

from cygnet.challenge.settings import ContestSettings, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFacts:
    """The size of one part of the test set."""

    n_images: int
    n_patients: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestFacts:
    """What a contest's settings, files and database say; what is not known is ``None`` or empty.

    ``n_teams`` and ``n_submissions`` are those that were scored. ``commitment`` is what was
    published at the opening.
    """

    public: PartFacts | None = None
    private: PartFacts | None = None
    n_teams: int | None = None
    n_submissions: int | None = None
    url: str = ""
    dataset: str = ""
    doi: str = ""
    licence: str = ""
    commitment: str = ""
    version: str = ""
    usage_given: bool = False


def moment(one: datetime) -> str:
    """Write a moment as a report does.

    >>> from datetime import UTC
    >>> moment(datetime(2020, 8, 17, 23, 59, tzinfo=UTC))
    '2020-08-17 23:59:00 UTC'
    """
    return one.strftime("%Y-%m-%d %H:%M:%S UTC")


def schedule(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say when the contest opened and closed, and what goes on after."""
    del facts
    late = (
        "without an end"
        if settings.late_closes is None
        else f"until {moment(settings.late_closes)}"
    )
    merge = moment(settings.merge_deadline or settings.closes)
    return (
        f"Submissions are taken from {moment(settings.opens)} to {moment(settings.closes)}; teams "
        f"may merge until {merge}. A late board goes on after the close, {late}."
    )


def limits(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say how often a team may submit, and how many count."""
    del facts
    total = "" if settings.total_limit is None else f" and {settings.total_limit} in all"
    return (
        f"A team of at most {settings.team_size} people may submit {settings.daily_limit} files a "
        f"UTC day{total}; refused files do not count. It selects up to {settings.finals} of them; "
        "where it selects none, those that raised its public number count, then the latest."
    )


def tracks(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say which tracks there are, and what may be known of the patient."""
    del facts
    words = {
        Track.WITH_CONTEXT: "with information from the patient's other images",
        Track.WITHOUT_CONTEXT: "without it, patients serving to split the data at most",
    }
    named = " and ".join(words[track] for track in settings.tracks)
    return f"Methods are declared {named}; the code of prize winners is checked for it."


def submission_format(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say what a submission is."""
    del settings
    where = f" at {facts.url}" if facts.url else ""
    return (
        "A submission is a CSV file of at most 8 MB with one row an image: image_name and target, "
        f"a probability from 0 to 1. It is sent in the browser, by `cygnet submit` or by the API"
        f"{where}, and is refused with all its faults and their lines at once."
    )


def feedback(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say what is told before the close."""
    del facts
    if settings.blind:
        return "No score is told before the close."
    rules = settings.rules
    return (
        "Before the close verified teams are told the AUROC on the public part coarsely: 0.5 until "
        f"it lies {rules.gate_errors:g} standard errors above 0.5, then a number floored to "
        f"{rules.grid:g} that moves only by more than its standard error (Blum and Hardt 2015). "
        "Other teams are told only whether they beat the best of the contest by such a step."
    )


def parts(settings: ContestSettings, facts: ContestFacts) -> str | None:
    """Say how large the parts are."""
    if facts.public is None or facts.private is None:
        return None
    public, private = facts.public, facts.private
    how = (
        "as the organisers gave it"
        if facts.usage_given
        else f"by patient from a secret seed, {settings.public_share:.0%} of patients being public,"
        " with and without melanoma alike"
    )
    return (
        f"The public part has {public.n_images:,} images of {public.n_patients:,} patients, the "
        f"private part {private.n_images:,} of {private.n_patients:,}. It was split {how}."
    )


def committed(settings: ContestSettings, facts: ContestFacts) -> str | None:
    """Say what was committed to at the opening."""
    del settings
    if not facts.commitment:
        return None
    return (
        "A salted SHA-256 of the seed and the truth was published at the opening: "
        f"{facts.commitment}."
    )


def metric(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say what is measured."""
    del settings, facts
    return (
        "The area under the ROC curve (AUROC) over images: the probability that a malignant image "
        "is given a higher number than a benign one; ties count one half."
    )


def ranking(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say how teams are ranked."""
    del settings, facts
    return (
        "Teams are ranked after the close by the AUROC of the best of their final submissions on "
        "the private part; equal ones share a rank. Each place carries the 95 % interval of its "
        "rank; teams whose rank interval holds the first place are co-winners. Prizes are given "
        "over all and by track."
    )


def missing(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say what becomes of missing results."""
    del settings, facts
    return (
        "A file that lacks an image or a number is refused before it is scored and does not count. "
        "An undefined score is never ranked."
    )


def statistics(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say how uncertainty is estimated."""
    del settings
    version = f" (cygnet {facts.version})" if facts.version else ""
    return (
        "Patients are the unit of resampling: intervals of AUROC are delete-one-patient jackknife "
        "t intervals on the logit scale, rank intervals follow from jackknife t tests of all "
        f"differences with Bonferroni's correction over the other teams{version}."
    )


def availability(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say where the software of the evaluation is."""
    del settings
    version = f" {facts.version}" if facts.version else ""
    return (
        f"The evaluation is that of the open-source package cygnet{version}; the same numbers are "
        "given by `cygnet score` and `cygnet compare`."
    )


def agreement(settings: ContestSettings, facts: ContestFacts) -> str | None:
    """Say under which licence the data are."""
    del settings
    if not facts.licence:
        return None
    return f"The data are under {facts.licence}; its acceptance is logged before a download."


def dataset(settings: ContestSettings, facts: ContestFacts) -> str | None:
    """Say which dataset it is."""
    del settings
    if not facts.dataset:
        return None
    return facts.dataset + (f" (doi:{facts.doi})" if facts.doi else "") + "."


def taken_part(settings: ContestSettings, facts: ContestFacts) -> str | None:
    """Say how many took part."""
    del settings
    if facts.n_teams is None or facts.n_submissions is None:
        return None
    return f"{facts.n_teams:,} teams had {facts.n_submissions:,} submissions scored."


def title(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say what the contest is called."""
    del facts
    return f"{settings.title} ({settings.name})."


def life_cycle(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say whether the contest is a single event."""
    del settings, facts
    return "A single event with a fixed deadline, followed by a late board under the same rules."


def case(settings: ContestSettings, facts: ContestFacts) -> str:
    """Say what a case is."""
    del settings, facts
    return (
        "A case is one dermoscopic image of a skin lesion; a patient has several, and every image "
        "of a patient is in the same part."
    )
