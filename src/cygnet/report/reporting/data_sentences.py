"""What can a paper say of the data that were scored? Counts, sources, characteristics, gaps."""

import polars as pl

from cygnet.report import numbers
from cygnet.report.reporting.facts import Facts
from cygnet.report.reporting.phrases import joined, listed
from cygnet.report.words import column_words

_DESCRIBED = ("sex", "age_approx", "anatom_site_general_challenge")
_LEVELS = ("sex", "anatom_site_general_challenge", "diagnosis")


def sources(facts: Facts) -> str | None:
    """Name the tables that the labels and the predictions came from."""
    source = facts.run.source if facts.run else None
    if source is not None:
        tables = _named("table", source.tables)
        said = f"Images and labels were read from the {tables} ({source.layout})."
        if source.extra_tables:
            said += f" Further images came from the {_named('table', source.extra_tables)}."
        return said
    if not facts.truth or not facts.predictions:
        return None
    predictions = listed(facts.predictions)
    return f"Labels were read from {facts.truth}, predictions from {predictions}."


def counted(facts: Facts) -> str | None:
    """Say how many images, patients and melanomas were scored."""
    card = facts.card
    if card is None or not card.n_images:
        return None
    images = numbers.counted(card.n_images, "image")
    whose = "of patients who are not named"
    if facts.patients_known:
        whose = f"of {numbers.counted(card.n_patients, 'patient')}"
    carriers = _patients_with_melanoma(facts)
    of_whom = f", from {numbers.counted(carriers, 'patient')}" if carriers is not None else ""
    benign = numbers.format_count(card.n_images - card.n_positive)
    melanomas = numbers.counted(card.n_positive, "image")
    who = "The model was evaluated on"
    if len(facts.cards) > 1:
        who = f"All {len(facts.cards)} models were evaluated on the same"
    return f"{who} {images} {whose}: {melanomas} of melanoma{of_whom}, and {benign} benign."


def left_out(facts: Facts) -> str | None:
    """Say which images of the tables were not scored."""
    source = facts.run.source if facts.run else None
    if source is None or facts.card is None:
        return joined(*facts.notices)
    n_images = facts.card.n_images
    labelled = numbers.counted(source.n_listed, "labelled image")
    said = f"All of the {labelled} of the table were scored."
    if n_images != source.n_listed:
        at_hand = numbers.format_count(n_images)
        said = f"Of the {labelled} of the table {at_hand} were at hand, and scored."
    if source.n_test:
        said += (
            f" A further {numbers.counted(source.n_test, 'test image')} without labels were not."
        )
    return said


def prevalence(facts: Facts) -> str | None:
    """Say the share of melanomas, and that weights moved it."""
    card = facts.card
    if card is None or not card.n_images:
        return None
    said = f"Melanoma made up {numbers.format_share(card.n_positive / card.n_images)} of the images"
    if facts.weighted_share is None:
        return f"{said}."
    share = numbers.format_share(facts.weighted_share)
    return f"{said}, and {share} by the sampling weights, with which every number was computed."


def characteristics(facts: Facts) -> str | None:
    """Describe sex, age, site and images a patient, where the table has them."""
    if facts.images is None:
        return None
    return joined(
        _levels(facts.images, "sex"),
        _ages(facts.images),
        _levels(facts.images, "anatom_site_general_challenge"),
        _images_a_patient(facts),
    )


def diagnoses(facts: Facts) -> str | None:
    """Count the diagnoses that the table names."""
    return None if facts.images is None else _levels(facts.images, "diagnosis")


def outcome(facts: Facts) -> str | None:
    """Say what was predicted, as far as a label tells it."""
    if facts.card is None:
        return None
    return "The outcome was melanoma (target 1) or not (target 0), one label an image."


def original_sizes(facts: Facts) -> str | None:
    """Say how large the original files were."""
    images = facts.images
    if images is None or not {"width_px", "height_px"} <= set(images.columns):
        return None
    longer = images.select(pl.max_horizontal("width_px", "height_px")).to_series().drop_nulls()
    if not longer.len():
        return None
    values = longer.to_list()
    return f"The longer side of the original images measured {_range(min(values), max(values))} px."


def missing_values(facts: Facts) -> str | None:
    """Count what is not known of the images, and say that nothing was put in its place."""
    images = facts.images
    if images is None:
        return None
    present = [column for column in ("patient_id", *_DESCRIBED) if column in images.columns]
    missing = {column: _n_missing(images, column) for column in present}
    if not missing:
        return None
    said = [
        f"{_called(column)} of {numbers.counted(n, 'image')}" for column, n in missing.items() if n
    ]
    if not said:
        return f"Of no image {listed([_called(column) for column in present])} was unknown."
    return f"Not known: {listed(said)}. No value was put in their place."


def _patients_with_melanoma(facts: Facts) -> int | None:
    if facts.card is None or not facts.patients_known:
        return None
    found = facts.card.metrics["auroc"].details.get("n_patients_positive")
    return int(found) if isinstance(found, int) else None


def _named(noun: str, names: tuple[str, ...]) -> str:
    return f"{noun}{'' if len(names) == 1 else 's'} {listed(names)}"


def _called(column: str) -> str:
    words = {"patient_id": "patient", "anatom_site_general_challenge": "body site"}
    return f"the {words.get(column, column_words(column).lower())}"


def _levels(images: pl.DataFrame, column: str) -> str | None:
    """Count the levels of a column, most frequent first, missing last."""
    if column not in images.columns:
        return None
    values = images[column].cast(pl.String).replace("", None)
    counts = values.drop_nulls().value_counts(sort=True)
    if not counts.height:
        return None
    ordered = sorted(counts.iter_rows(), key=lambda row: (-row[1], row[0]))
    said = [f"{level} {numbers.format_count(n)}" for level, n in ordered]
    if n_missing := values.null_count():
        said.append(f"missing {numbers.format_count(n_missing)}")
    return f"{column_words(column)}, in images: {', '.join(said)}."


def _ages(images: pl.DataFrame) -> str | None:
    if "age_approx" not in images.columns:
        return None
    ages = images["age_approx"].cast(pl.Float64, strict=False).drop_nulls().drop_nans().to_numpy()
    if not ages.size:
        return None
    low, middle, high = (float(one) for one in _quartiles(ages.tolist()))
    return f"Median age, over images, was {middle:g} years (quartiles {_range(low, high)})."


def _quartiles(values: list[float]) -> list[float]:
    series = pl.Series(values)
    found = (series.quantile(share, "linear") for share in (0.25, 0.5, 0.75))
    return [one for one in found if one is not None]


def _images_a_patient(facts: Facts) -> str | None:
    if facts.images is None or not facts.patients_known:
        return None
    counts = facts.images["patient_id"].drop_nulls().value_counts()["count"].to_list()
    middle = _quartiles([float(one) for one in counts])[1]
    return f"A patient had {_range(min(counts), max(counts))} images (median {middle:g})."


def _range(low: float, high: float) -> str:
    ends = (
        numbers.format_count(one) if float(one).is_integer() else f"{one:g}" for one in (low, high)
    )
    return " to ".join(ends)


def _n_missing(images: pl.DataFrame, column: str) -> int:
    values = images[column].cast(pl.String).replace("", None)
    return values.null_count()
