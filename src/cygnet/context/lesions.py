"""Which lesions does a patient have, and how does the image model score them? Arrays, checked once.

Images of one lesion count as one lesion, so that a copy does not outvote. Scores are put on a
common scale within the fold whose model gave them. Refuses scores that are NaN or infinite.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cygnet.errors import InputError
from cygnet.evaluation.recalibration import clipped_logit

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Lesions:
    """Images with their patient, their lesion, and the image model's opinion, ``(n_images,)`` each.

    ``patient`` counts from 0, an image without a patient being one of its own; ``lesion`` counts
    from 0 over all patients; ``fold`` is that of the image model that gave ``logit``. ``score`` is
    the logit on the scale of normal scores within its fold: under any dealing of lesions to
    patients it is standard normal. ``embedding`` ``(n_images, n_dimensions)`` lies in its fold's
    own space, or is ``None``. ``site`` counts body sites from 0 (-1: unknown) and ``age_years`` is
    NaN where unknown; both are ``None`` where the table knows nothing of them.
    """

    image_name: NDArray[np.object_]
    patient: Codes
    lesion: Codes
    fold: Codes
    logit: Floats
    score: Floats
    embedding: NDArray[np.float32] | None = None
    site: Floats | None = None
    age_years: Floats | None = None

    @property
    def n_images(self) -> int:
        """How many images there are."""
        return int(self.patient.size)

    @property
    def n_patients(self) -> int:
        """How many patients there are."""
        return int(self.patient.max(initial=-1)) + 1

    def counts(self) -> tuple[Codes, Codes]:
        """Give each image's number of its patient's images and lesions, ``(n_images,)`` each."""
        images = np.bincount(self.patient, minlength=self.n_patients)
        _, first = np.unique(self.lesion, return_index=True)
        lesions = np.bincount(self.patient[first], minlength=self.n_patients)
        return images[self.patient], lesions[self.patient]

    def dealt(self, order: Codes) -> "Lesions":
        """Give the same slots with other images' opinions: image ``order[i]`` stands at place i.

        Patients and lesions stay where they are; all else moves together.
        """
        return replace(
            self,
            fold=self.fold[order],
            logit=self.logit[order],
            score=self.score[order],
            embedding=None if self.embedding is None else self.embedding[order],
            site=_taken(self.site, order),
            age_years=_taken(self.age_years, order),
        )

    def chosen(self, images: Codes) -> "Lesions":
        """Give the lesions of ``images`` alone, patients and lesions counted anew."""
        _, patient = np.unique(self.patient[images], return_inverse=True)
        _, lesion = np.unique(self.lesion[images], return_inverse=True)
        return Lesions(
            self.image_name[images],
            patient.astype(np.int64),
            lesion.astype(np.int64),
            self.fold[images],
            self.logit[images],
            self.score[images],
            None if self.embedding is None else self.embedding[images],
            _taken(self.site, images),
            _taken(self.age_years, images),
        )


def _taken(values: Floats | None, rows: Codes) -> Floats | None:
    return None if values is None else values[rows]


def make_lesions(
    table: "pl.DataFrame",
    *,
    embedding: NDArray[np.float32] | None = None,
    scale: "Scale | None" = None,
) -> Lesions:
    """Take the lesions of ``table``, in its order.

    It has ``image_name``, ``patient_id`` and ``lesion_id`` (null: unknown; an image without a
    patient is one of its own, one without a lesion its own lesion), ``probability`` in 0 to 1 and
    ``fold`` (null or absent: one model); ``age_approx`` and ``anatom_site_general_challenge`` are
    taken where they are there. ``embedding`` is ``(n_images, n_dimensions)``. ``scale``
    puts logits on the scale they were fitted on; without it, on their own. Raises
    :class:`InputError` for NaN and values outside 0 to 1.
    """
    # Here, not above: what is trained beside this module runs where there is no polars.
    import polars as pl

    probability = table["probability"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    if not ((probability >= 0) & (probability <= 1)).all():
        raise InputError.of("A score is no probability.", "Give numbers from 0 to 1.")
    row = pl.Series(np.arange(table.height)).cast(pl.String)
    patient = _codes("patient " + table["patient_id"].cast(pl.String), row)
    lesion_id = table["lesion_id"].cast(pl.String) if "lesion_id" in table.columns else None
    # A lesion is known within its patient: an identifier used twice is two lesions.
    within = pl.Series(patient).cast(pl.String) + " "
    lesion = _codes(None if lesion_id is None else within + lesion_id, row)
    fold = np.zeros(table.height, dtype=np.int64)
    if "fold" in table.columns:
        fold = table["fold"].cast(pl.Int64).fill_null(-1).to_numpy()
    logit = clipped_logit(probability)
    used = scale or Scale.of(logit, fold)
    return Lesions(
        table["image_name"].to_numpy().astype(object),
        patient,
        lesion,
        fold,
        logit,
        used(logit, fold),
        embedding,
        _sites(table),
        _ages(table),
    )


def _sites(table: "pl.DataFrame") -> Floats | None:
    name = "anatom_site_general_challenge"
    if name not in table.columns or not table[name].count():
        return None
    known = {site: place for place, site in enumerate(table[name].drop_nulls().unique().sort())}
    codes = [-1 if site is None else known[site] for site in table[name]]
    return np.array(codes, dtype=np.float64)


def _ages(table: "pl.DataFrame") -> Floats | None:
    if "age_approx" not in table.columns or not table["age_approx"].count():
        return None
    import polars as pl

    return table["age_approx"].cast(pl.Float64).fill_null(np.nan).to_numpy()


def _codes(identifier: "pl.Series | None", row: "pl.Series") -> Codes:
    """Give codes from 0 in the order of the identifiers; without one, a row is its own."""
    if identifier is None:
        return np.arange(len(row), dtype=np.int64)
    import polars as pl

    own = "\x00" + row
    filled = pl.select(pl.coalesce(identifier, own)).to_series()
    _, codes = np.unique(filled.to_numpy().astype(str), return_inverse=True)
    return codes.astype(np.int64)


@dataclass(frozen=True, slots=True)
class Scale:
    """Turns a fold's logits into normal scores: quantiles of its logits, and what they become."""

    logits: dict[int, tuple[float, ...]]
    normals: dict[int, tuple[float, ...]]

    @classmethod
    def of(cls, logit: Floats, fold: Codes, n_knots: int = 512) -> "Scale":
        """Learn the scale from all images of each fold; no label is looked at."""
        logits, normals = {}, {}
        for one in np.unique(fold).tolist():
            values, counts = np.unique(logit[fold == one], return_counts=True)
            middle = (np.cumsum(counts) - counts / 2) / counts.sum()
            knots = np.unique(np.round(np.linspace(0, values.size - 1, n_knots)).astype(int))
            logits[one] = tuple(values[knots].tolist())
            normals[one] = tuple(normal_quantile(middle[knots]).tolist())
        return cls(logits, normals)

    def __call__(self, logit: Floats, fold: Codes) -> Floats:
        """Give the score of each logit; beyond what was seen, that of the end."""
        score = np.empty(logit.size)
        for one in np.unique(fold).tolist():
            if one not in self.logits:
                raise InputError.of(
                    f"The context stage knows no fold {one}.",
                    f"It was fitted on the folds {', '.join(map(str, self.logits))}.",
                )
            inside = fold == one
            score[inside] = np.interp(logit[inside], self.logits[one], self.normals[one])
        return score


def normal_quantile(share: Floats) -> Floats:
    """Give the standard normal quantile of shares, kept 1e-6 from 0 and 1."""
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(share, 1e-6, 1 - 1e-6)), dtype=np.float64)
