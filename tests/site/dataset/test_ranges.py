"""Are the bytes that a request asks for the bytes that RFC 9110 says it gets?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cygnet.site.dataset.ranges import MOST_RANGES, parse_ranges, wanted

ETAG = '"abc"'
MODIFIED_S = 784_111_777  # Sun, 06 Nov 1994 08:49:37 GMT
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
LATER = "Sun, 06 Nov 1994 08:49:38 GMT"
EARLIER = "Sun, 06 Nov 1994 08:49:36 GMT"


def status(**headers: str) -> int:
    given_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return wanted(given_headers, size=100, etag=ETAG, modified_s=MODIFIED_S).status


@pytest.mark.parametrize(
    ("asked", "spans"),
    [
        ("bytes=0-0", ((0, 1),)),
        ("bytes=0-99", ((0, 100),)),
        ("bytes=0-1000", ((0, 100),)),
        ("bytes=50-", ((50, 100),)),
        ("bytes=-1", ((99, 100),)),
        ("bytes=-1000", ((0, 100),)),
        ("BYTES = 1-2", ((1, 3),)),
        ("bytes=0-1,4-5", ((0, 2), (4, 6))),
        ("bytes=4-5, 0-1", ((4, 6), (0, 2))),
        ("bytes=0-1,500-600", ((0, 2),)),
    ],
)
def test_ranges_that_can_be_satisfied(asked: str, spans: tuple[tuple[int, int], ...]) -> None:
    assert parse_ranges(asked, 100) == spans


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=-0", "bytes=100-200,300-"])
def test_ranges_beyond_the_end_are_416(asked: str) -> None:
    assert parse_ranges(asked, 100) == ()
    assert status(range=asked) == 416


@pytest.mark.parametrize(
    "asked",
    ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=2-1", "lines=1-2", "bytes=1-2;3-4",
     "bytes=0-5,3-9", "bytes=" + ",".join(f"{n}-{n}" for n in range(MOST_RANGES + 1)),
     "bytes=0-" + "9" * 30],
)  # fmt: skip
def test_what_is_no_range_is_ignored_and_the_whole_is_sent(asked: str) -> None:
    assert parse_ranges(asked, 100) is None
    assert status(range=asked) == 200


def test_conditions_come_before_ranges() -> None:
    assert status(range="bytes=0-1") == 206
    assert status(range="bytes=0-1", if_none_match=ETAG) == 304
    assert status(if_none_match='"other", W/"abc"') == 304
    assert status(if_none_match="*") == 304
    assert status(if_none_match='"other"', if_modified_since=LATER) == 200
    assert status(if_modified_since=DATE) == 304
    assert status(if_modified_since=EARLIER) == 200
    assert status(if_modified_since="yesterday") == 200
    assert status(if_match='"other"') == 412
    assert status(if_match=ETAG, range="bytes=0-1") == 206
    assert status(if_unmodified_since=EARLIER) == 412


def test_a_range_of_another_version_is_answered_with_the_whole() -> None:
    assert status(range="bytes=0-1", if_range=ETAG) == 206
    assert status(range="bytes=0-1", if_range='"other"') == 200
    assert status(range="bytes=0-1", if_range='W/"abc"') == 200
    assert status(range="bytes=0-1", if_range=DATE) == 206
    assert status(range="bytes=0-1", if_range=LATER) == 200


def test_an_empty_file_has_no_range() -> None:
    empty = wanted({}, size=0, etag=ETAG, modified_s=0)
    assert (empty.status, empty.n_bytes) == (200, 0)
    assert wanted({"range": "bytes=0-"}, size=0, etag=ETAG, modified_s=0).status == 416
    assert wanted({"range": "bytes=-5"}, size=0, etag=ETAG, modified_s=0).status == 416


@given(st.text(alphabet="bytes=0123456789-, ", max_size=40), st.integers(0, 200))
def test_spans_always_lie_inside_the_file(asked: str, size: int) -> None:
    spans = parse_ranges("bytes=" + asked, size)
    assert spans is None or all(0 <= start < end <= size for start, end in spans)
    assert spans is None or sum(end - start for start, end in spans) <= size
