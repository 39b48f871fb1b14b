"""What can a paper say of how a result was computed? Measures, intervals, software."""

from cygnet import __version__
from cygnet.report import numbers
from cygnet.report.reporting.facts import Facts
from cygnet.report.reporting.phrases import joined, listed, methods_of, percent

_SHARES = ("sensitivity", "specificity", "ppv", "npv")
_RESAMPLED = ("calibration_slope", "brier_score", "net_benefit", "average_precision")


def objective(facts: Facts) -> str | None:
    """Say what kind of study this is: development, evaluation, comparison."""
    if facts.run is not None:
        return "A model is developed, and validated internally by cross-validation."
    if not facts.cards:
        return None
    if len(facts.cards) == 1:
        return "The predictions of one model are evaluated; none is developed here."
    return f"The predictions of {len(facts.cards)} models are compared; none is developed here."


def sample_size(facts: Facts) -> str | None:
    """Say what the interval of the AUROC rests on, and how wide it is."""
    if facts.card is None:
        return None
    result = facts.card.metrics["auroc"]
    carriers = result.details.get("n_patients_positive")
    if not (isinstance(carriers, int) and facts.patients_known):
        return None
    freedom = result.details.get("degrees_of_freedom")
    of_them = f" ({freedom} degrees of freedom)" if freedom is not None else ""
    patients = numbers.counted(carriers, "patient with melanoma", "patients with melanoma")
    said = f"The interval of AUROC rests on {patients}{of_them}"
    if not result.has_interval:
        return f"{numbers.counted(carriers, 'patient')} had a melanoma: {result.reason}."
    return f"{said} and is {numbers.format_number(result.upper - result.lower)} wide."


def measures(facts: Facts) -> str | None:
    """Name the measures, the intervals behind them and the drawings on the page."""
    card = facts.card
    if card is None:
        return None
    level = percent(card.metrics["auroc"].confidence_level)
    parts = [
        f"{what} ({listed(words)})"
        for what, keys in (
            ("AUROC", ("auroc",)),
            ("sensitivity, specificity and predictive values", _SHARES),
            ("all others", _RESAMPLED),
        )
        if (words := methods_of(card, keys))
    ]
    drawn = _replicates(facts)
    return joined(
        "Discrimination was measured by AUROC, calibration by slope, intercept, observed over "
        "expected and the Brier score, clinical utility by net benefit.",
        f"Intervals hold {level} confidence: {'; '.join(parts)}." if parts else "",
        f"Bootstraps drew {numbers.format_count(drawn)} replicates." if drawn else "",
    )


def clusters(facts: Facts) -> str | None:
    """Say that images of one patient are alike, and were treated so."""
    if facts.card is None or not facts.patients_known:
        return None
    return (
        "The unit of analysis was the image, the unit of resampling the patient, so that intervals "
        "allow for the likeness of one patient's images."
    )


def compared(facts: Facts) -> str | None:
    """Say how models were compared."""
    if facts.comparison is None or not facts.comparison.pairs:
        return None
    return (
        "Models were compared on the same images by the difference of AUROC, with a jackknife over "
        "patients, simultaneous limits and Holm's correction over all pairs."
    )


def as_they_were(facts: Facts) -> str | None:
    """Say that given predictions were neither recalibrated nor changed."""
    if facts.run is not None or not facts.cards:
        return None
    return "Probabilities were scored as they were given: none was recalibrated on these images."


def evaluation_only(facts: Facts) -> str | None:
    """Say that given predictions were only evaluated."""
    if facts.run is not None or not facts.cards:
        return None
    return "All of these images served to evaluate; no model was fitted to them here."


def computed_from(facts: Facts) -> str | None:
    """Say how given predictions met their labels."""
    if facts.run is not None or not facts.predictions:
        return None
    return (
        f"The probabilities in {listed(facts.predictions)} were joined with their labels by "
        "image_name, never by row."
    )


def software(facts: Facts) -> str:
    """Name the software that computed: Cygnet always, and what else is known."""
    others = [f"{name} {version}" for name, version in facts.versions.items() if name != "cygnet"]
    with_them = f" with {listed(others)}" if others else ""
    version = facts.versions.get("cygnet", __version__)
    return f"Numbers were computed by Cygnet {version}{with_them}."


def repeatable(facts: Facts) -> str | None:
    """Give the command and the seed by which the numbers come again."""
    if not facts.command:
        return None
    seed = f" The seed was {facts.seed}." if facts.seed is not None else ""
    return f"The command was: {facts.command}.{seed}"


def _replicates(facts: Facts) -> int | None:
    if facts.card is None:
        return None
    found = (one.details.get("replicates") for one in facts.card.metrics.values())
    return next((n for n in found if isinstance(n, int)), None)
