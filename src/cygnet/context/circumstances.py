"""Where on the body, and at what age, beside the patient's others? By the table, not by looks.

Each of the patient's other lesions counts once. What is not known is as usual.
"""

import numpy as np

from cygnet.context.lesions import Floats, Lesions

SITE, AGE = "site_rarity", "age_offset"


def site_rarity(lesions: Lesions) -> Floats | None:
    """Give the share of the patient's other lesions that lie elsewhere, ``(n_images,)``.

    Of those whose site is known; 0 where it is not, or where there is no other. ``None`` where the
    table knows no site.
    """
    return None if lesions.site is None else _site_rarity(lesions, lesions.site)


def age_offset(lesions: Lesions) -> Floats | None:
    """Give the age in years less the mean of the patient's other lesions, ``(n_images,)``.

    Within a patient it tells in which order lesions were seen, and so how the data came together:
    an artefact, which no learner of context sees. 0 where it is not known or there is no other;
    ``None`` where the table knows no age.
    """
    return None if lesions.age_years is None else _age_offset(lesions, lesions.age_years)


def _stands_for(lesions: Lesions) -> Floats:
    """Give 1 to the image that stands for its lesion, 0 to its copies, ``(n_images,)``."""
    stands = np.zeros(lesions.n_images)
    stands[np.unique(lesions.lesion, return_index=True)[1]] = 1.0
    return stands


def _site_rarity(lesions: Lesions, site: Floats) -> Floats:
    known = site >= 0
    counted = _stands_for(lesions) * known
    n_sites = int(site.max(initial=-1)) + 2
    place = lesions.patient * n_sites + site.astype(np.int64) + 1
    here = np.bincount(place, counted, lesions.n_patients * n_sites)
    total = np.bincount(lesions.patient, counted, lesions.n_patients)
    # The lesion itself is left out by the image that stands for it.
    stands_at = np.full(int(lesions.lesion.max(initial=-1)) + 1, -1.0)
    first = np.flatnonzero(counted)
    stands_at[lesions.lesion[first]] = site[first]
    own = stands_at[lesions.lesion]
    others = total[lesions.patient] - (own >= 0)
    alike = here[place] - (own == site)
    share = 1 - alike / np.maximum(others, 1)
    return np.where(known & (others > 0), share, 0.0)


def _age_offset(lesions: Lesions, age_years: Floats) -> Floats:
    known = np.isfinite(age_years)
    age = np.where(known, age_years, 0.0)
    counted = _stands_for(lesions) * known
    total = np.bincount(lesions.patient, counted * age, lesions.n_patients)
    n = np.bincount(lesions.patient, counted, lesions.n_patients)
    # Images of one lesion may differ in age: the one that stands for it is left out, not its mean.
    own = np.bincount(lesions.lesion, counted * age)[lesions.lesion]
    has_own = np.bincount(lesions.lesion, counted)[lesions.lesion]
    others = n[lesions.patient] - has_own
    mean = (total[lesions.patient] - own) / np.maximum(others, 1)
    return np.where(known & (others > 0), age - mean, 0.0)
