"""Words of every dataset find their diagnosis, and those of none are not known."""

import numpy as np
import pytest

from cygnet.training.diagnosis import diagnosis_class, diagnosis_classes
from cygnet.training.network import DIAGNOSIS_CLASSES
from cygnet.vocabulary import ISIC_2020_DIAGNOSES, VALUE_SPELLINGS

OF_NONE = {"atypical melanocytic proliferation", "cafe-au-lait macule"}


def test_words_of_isic_2020_are_known_but_for_two() -> None:
    unknown = {word for word in ISIC_2020_DIAGNOSES if diagnosis_class(word) < 0}
    assert unknown == OF_NONE


@pytest.mark.parametrize("year_2019", ["MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC", "UNK"])
def test_codes_of_isic_2019_are_nine_classes(year_2019: str) -> None:
    assert diagnosis_class(year_2019) >= 0


def test_codes_and_words_of_ham10000_agree() -> None:
    spelled = VALUE_SPELLINGS["diagnosis"]
    assert len(spelled) == 7
    for code, word in spelled.items():
        assert diagnosis_class(code) == diagnosis_class(word) >= 0


def test_words_of_the_archive_are_known() -> None:
    assert DIAGNOSIS_CLASSES[diagnosis_class("Melanoma in situ")] == "melanoma"
    assert DIAGNOSIS_CLASSES[diagnosis_class("Solar or actinic keratosis")] == "actinic keratosis"
    found = diagnosis_class("Squamous cell carcinoma, NOS")
    assert DIAGNOSIS_CLASSES[found] == "squamous cell carcinoma"


def test_a_melanoma_by_word_that_is_benign_by_target_counts_for_nothing() -> None:
    classes = diagnosis_classes(["melanoma", "melanoma", None], np.array([1, 0, 0], np.float32))
    assert classes.tolist() == [0, -1, -1]
