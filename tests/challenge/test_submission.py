import gzip
import io
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from challenge_cohort import model, public_of, small_truth
from cygnet.challenge.scoring import part_score
from cygnet.challenge.submission import (
    MAX_BYTES,
    Checked,
    check_submission,
    probability_bytes,
    probability_from,
)
from cygnet.errors import InputError

IDS = tuple(f"ISIC_{n:07d}" for n in range(6))
GOOD = "image_name,target\n" + "".join(f"{name},0.{n + 1}\n" for n, name in enumerate(IDS))


def check(text: str | bytes) -> Checked:
    return check_submission(text.encode() if isinstance(text, str) else text, IDS)


def found(text: str | bytes) -> dict[str, tuple[int, ...]]:
    checked = check(text)
    assert checked.submission is None
    return {error.code: error.rows for error in checked.errors}


def test_a_table_is_taken_in_the_order_of_the_contest() -> None:
    header, *rows = GOOD.splitlines()
    submission = check("\n".join([header, *reversed(rows)])).submission
    assert submission is not None
    assert submission.probability.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert submission.image_names == IDS


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("image_name,target", "isic_id,prediction"),
        GOOD.replace(",", ";"),
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD.replace("0.1", " 0.10 "),
        GOOD.replace("ISIC_0000000", '"ISIC_0000000.jpg"'),
    ],
)
def test_other_spellings_are_the_same_content(text: str) -> None:
    one, other = check(GOOD).submission, check(text).submission
    assert one is not None
    assert other is not None
    assert one.content_digest == other.content_digest
    assert one.file_digest != other.file_digest


def test_another_number_is_other_content() -> None:
    one, other = check(GOOD).submission, check(GOOD.replace("0.1\n", "0.11\n")).submission
    assert one is not None
    assert other is not None
    assert one.content_digest != other.content_digest


def test_all_that_is_wrong_is_named_at_once_with_lines() -> None:
    text = (
        "image_name,target\n"
        "ISIC_0000000,1.5\n"
        "ISIC_0000001,nan\n"
        "ISIC_0000002,\n"
        "ISIC_0000003,high\n"
        ",0.5\n"
        "ISIC_0000003,0.5\n"
        "ISIC_9999999,0.5\n"
        "ISIC_0000004,0.5,0.5\n"
    )
    assert found(text) == {
        "out-of-range": (2,),
        "nan": (3,),
        "blank-probability": (4,),
        "no-number": (5,),
        "blank-id": (6,),
        "duplicate-id": (7,),
        "unknown-image": (8,),
        "ragged-line": (9,),
        # One line could not be read and may be one of the two.
        "missing-image": (),
    }


def test_missing_images_are_counted_and_named() -> None:
    checked = check("image_name,target\nISIC_0000000,0.5\n")
    (error,) = checked.errors
    assert error.code == "missing-image"
    assert error.count == 5
    assert "5 of the contest's 6 images are missing: ISIC_0000001" in error.message


def test_lines_are_named_up_to_a_limit_and_counted_beyond() -> None:
    rows = "".join(f"x{n},0.5\n" for n in range(50))
    checked = check_submission(f"{GOOD}{rows}".encode(), IDS, max_rows=20)
    (error,) = checked.errors
    assert (error.code, error.count, len(error.rows)) == ("unknown-image", 50, 20)
    assert set(error.as_json()) == {"code", "message", "rows"}


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("submission.csv", GOOD)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \n \n", "empty"),
        (b"image_name,target\n", "empty"),
        (b"x" * (MAX_BYTES + 1), "too-large"),
        (gzip.compress(GOOD.encode(), mtime=0), "compressed"),
        (zipped(), "compressed"),
        (b"image_name,target\nISIC_0000000,\x00\n", "not-text"),
        (GOOD.encode("utf-16"), "not-utf-8"),
        (GOOD.replace("target", "t\xe9").encode("latin-1"), "not-utf-8"),
        (b'image_name,target\n"ISIC_0000000,0.5\n', "not-a-table"),
        (b"target,probability\n0.5,0.5\n", "no-id-column"),
        (b"image_name,one,two\nISIC_0000000,0.5,0.5\n", "no-probability-column"),
        (b"image_name,target,score\nISIC_0000000,0.5,0.5\n", "several-probability-columns"),
        (b"image_name,target,target\nISIC_0000000,0.5,0.5\n", "column-twice"),
        (b"image_name,target\nISIC_0000000,1e400\n", "out-of-range"),
        (b"image_name,target\nISIC_0000000,-0.1\n", "out-of-range"),
    ],
)
def test_each_fault_has_its_code(data: bytes, code: str) -> None:
    assert code in found(data)


def test_without_the_contest_ids_are_taken_as_they_come() -> None:
    checked = check_submission(b"image_name,target\nb,0.5\na,0.25\n", None)
    assert checked.submission is not None
    assert checked.submission.image_names == ("a", "b")
    assert checked.submission.probability.tolist() == [0.25, 0.5]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_submission_or_named_errors(data: bytes) -> None:
    checked = check_submission(data, IDS)
    assert (checked.submission is None) == bool(checked.errors)
    assert all(error.code and error.message for error in checked.errors)


@given(st.lists(st.text(alphabet="ISIC_01239.,;\"'\n\r\t -+einaN=é", max_size=40), max_size=12))
def test_any_table_like_text_is_a_submission_or_named_errors(lines: list[str]) -> None:
    text = "\n".join(["image_name,target", *lines])
    checked = check_submission(text.encode(), IDS)
    assert (checked.submission is None) == bool(checked.errors)


def test_probabilities_survive_their_bytes() -> None:
    submission = check(GOOD).submission
    assert submission is not None
    again = probability_from(probability_bytes(submission))
    assert np.array_equal(again, submission.probability)
    with pytest.raises(InputError):
        probability_from(b"123")


def test_a_file_of_the_test_set_is_checked_and_scored_well_within_a_quarter_second() -> None:
    truth = small_truth(np.random.default_rng(1))
    probability = model(truth, np.random.default_rng(2))
    # Repeated to the size of ISIC 2020's test set.
    names = [f"ISIC_{n:07d}" for n in range(10_982)]
    many = np.resize(probability, 10_982)
    data = "image_name,target\n" + "".join(
        f"{name},{value!r}\n" for name, value in zip(names, many.tolist(), strict=True)
    )
    part = public_of(truth)
    durations = []
    for _ in range(5):
        start = time.perf_counter()
        submission = check_submission(data.encode(), names).submission
        assert submission is not None
        part_score(part, submission.probability[: probability.size])
        durations.append(time.perf_counter() - start)
    assert min(durations) < 0.25
