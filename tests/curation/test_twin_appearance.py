"""Do melanomas of the twin stand out, and the more so beside their patient's other lesions?"""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from cygnet.curation.twin_appearance import Sitter, Traitline, appearance_of


def look(
    traitline: Traitline, n_patients: int = 60, n_lesions: int = 12
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Amounts of ``(patient, lesion, sign)``; each patient's first lesion is a melanoma."""
    signs = ("irregularity", "asymmetry", "variegation", "disorder", "pigment", "warmth")
    amounts = np.empty((n_patients, n_lesions, len(signs)))
    for patient in range(n_patients):
        for lesion in range(n_lesions):
            number = patient * n_lesions + lesion
            diagnosis = "nevus" if lesion else "melanoma"
            sitter = Sitter(number, patient, number, diagnosis, "640x480", 40.0, False, "torso")
            form = appearance_of(sitter, 5, traitline).lesion
            amounts[patient, lesion] = [getattr(form, sign) for sign in signs]
    melanoma = np.zeros((n_patients, n_lesions), np.int64)
    melanoma[:, 0] = 1
    return amounts, melanoma


def separation(traitline: Traitline) -> tuple[float, float]:
    """AUROC of a lesion's summed signs alone, and less the median of its patient's lesions."""
    amounts, melanoma = look(traitline)
    nevi = amounts[:, 1:].reshape(-1, amounts.shape[2])
    score = ((amounts - nevi.mean(axis=0)) / nevi.std(axis=0))[:, :, :4].sum(axis=2)
    beside = score - np.median(score, axis=1, keepdims=True)
    truth = melanoma.ravel()
    alone = roc_auc_score(truth, score.ravel())
    return float(alone), float(roc_auc_score(truth, beside.ravel()))


def test_a_melanoma_is_told_better_beside_the_patients_other_lesions() -> None:
    alone, beside = separation(Traitline())
    assert 0.75 < alone < 0.95
    assert beside > alone + 0.04


def test_without_a_signature_the_other_lesions_add_nothing() -> None:
    alone, beside = separation(Traitline(signature_strength=0.0))
    assert beside <= alone + 0.01


def test_the_signature_does_not_change_what_one_image_tells() -> None:
    alone = [separation(Traitline(signature_strength=share))[0] for share in (0.0, 0.5, 1.0)]
    assert max(alone) - min(alone) < 0.08


def test_melanomas_without_conspicuity_look_like_nevi() -> None:
    alone, beside = separation(Traitline(melanoma_conspicuity=0.0))
    assert alone == pytest.approx(0.5, abs=0.09)
    assert beside == pytest.approx(0.5, abs=0.09)


def test_nevi_of_one_patient_are_alike_as_far_as_the_signature_says() -> None:
    def spread_within(share: float) -> NDArray[np.float64]:
        nevi = look(Traitline(signature_strength=share))[0][:, 1:]
        total = nevi.reshape(-1, nevi.shape[2]).var(axis=0)
        return np.asarray(nevi.var(axis=1).mean(axis=0) / total)

    assert (spread_within(1.0) < 1e-9).all()
    assert (spread_within(0.8) < 0.4).all()
    assert (spread_within(0.0) > 0.8).all()


def test_a_second_look_at_a_lesion_shows_the_same_lesion() -> None:
    first = Sitter(1, 7, 1, "nevus", "640x480", 40.0, True, "torso")
    again = Sitter(2, 7, 1, "nevus", "640x480", 40.0, True, "torso", retaken=True)
    one, other = appearance_of(first, 3, Traitline()), appearance_of(again, 3, Traitline())
    assert (one.lesion, one.skin) == (other.lesion, other.skin)
    assert one.view.moved == (0.0, 0.0, 0.0) != other.view.moved
