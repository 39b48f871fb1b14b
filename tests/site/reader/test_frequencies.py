"""How often images that score like this were melanoma, in words."""

import numpy as np
import pytest

from cygnet.evaluation.score_evidence import ScoreEvidence
from cygnet.site.reader.frequencies import Evidence, Frequency, read_prevalence


def _counted(k: int, n: int) -> ScoreEvidence:
    """Evidence of one window: ``k`` melanomas of ``n``, at a prevalence of one in ten."""
    one = np.array([0.2])
    return ScoreEvidence(
        one,
        np.array([n]),
        np.array([k]),
        np.array([n]),
        np.array([k / n / 2]),
        np.array([min(1.0, 2 * k / n)]),
        0.0,
        1.0,
        0.1,
        1000,
    )


def _told(k: int, n: int, prevalence: float | None = None) -> Frequency:
    found = Evidence(_counted(k, n), None).frequency(0.3, prevalence, beside=False)
    assert isinstance(found, Frequency)
    return found


def test_a_share_is_told_as_so_many_of_a_hundred() -> None:
    assert _told(7, 100).sentence == (
        "Of 100 lesions that score like this in the model's evaluation, about 7 were melanoma"
        " (4 to 14)."
    )


def test_a_few_of_a_thousand_are_told_of_a_thousand() -> None:
    told = _told(3, 1000).sentence
    assert "000 lesions" in told
    assert "about 3 were" in told


def test_one_is_told_in_the_singular_and_none_as_fewer_than_one() -> None:
    assert "about 1 was melanoma" in _told(1, 100).sentence
    assert "fewer than 1 was melanoma" in _told(0, 5000).sentence


def test_the_prevalence_set_moves_the_share_and_is_told() -> None:
    # Even odds at one in ten are a likelihood ratio of 9; at one in a hundred 9 to 99.
    found = _told(50, 100, 0.01)
    assert found.share == pytest.approx(9 / 108)
    assert "to 1.00" in found.note.replace("\u202f", " ")
    assert "Moved" not in _told(50, 100).note


def test_without_a_count_there_is_a_sentence_in_place_of_a_number() -> None:
    assert isinstance(Evidence(None, None).frequency(0.3, None, beside=False), str)


def test_beyond_all_scores_there_is_a_sentence_in_place_of_a_number() -> None:
    window = _counted(7, 100)
    beyond = ScoreEvidence(
        **{name: getattr(window, name) for name in ScoreEvidence.__dataclass_fields__}
        | {"highest": 0.25}
    )
    assert isinstance(Evidence(beyond, None).frequency(0.3, None, beside=False), str)


def test_counts_beside_the_others_are_those_of_the_stage() -> None:
    both = Evidence(_counted(7, 100), _counted(20, 100))
    found = both.frequency(0.3, None, beside=True)
    assert isinstance(found, Frequency)
    assert found.n_positive == 20


def test_evidence_is_read_from_a_model_and_damage_is_none() -> None:
    document = _counted(7, 100).as_json()
    assert Evidence.of({"evidence": {"scores": document}}, None).alone is not None
    assert Evidence.of({"evidence": {"scores": {"n": 1}}}, "no JSON") == Evidence(None, None)
    assert Evidence.of({}, '{"evidence": null}') == Evidence(None, None)


@pytest.mark.parametrize("text", ["0", "95", "many", "-1", "nan"])
def test_an_impossible_prevalence_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="per cent"):
        read_prevalence(text)


def test_a_prevalence_is_read_as_it_is_typed() -> None:
    assert read_prevalence(" 1,5 % ") == pytest.approx(0.015)
    assert read_prevalence("") is None
