"""The download, against a server that misbehaves in every way that was thought of."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import md5, sha256

import pytest

from cygnet.errors import FetchError, StorageError
from fetch_bench import QUICK, Bench, content
from hostile_server import Answer, HostedFile

DATA = content(200_000)
TEN_PIECES = 10
MODIFIED = "Mon, 23 Nov 2020 10:00:00 GMT"


def test_a_file_comes_in_pieces_over_several_connections(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, pause_s=0.02))
    summary = bench.fetch(bench.file("a.zip", bytes=len(DATA)), connections=4)
    assert bench.here("a.zip") == DATA
    assert bench.server.most_at_once >= 3
    ranges = [asked for _, asked in bench.server.asked]
    assert ranges[0] == "bytes=0-0"
    assert len(set(ranges[1:])) == len(ranges) - 1 == TEN_PIECES
    assert summary.files[0].hash_basis == "first download"
    assert bench.spoken.bytes["a.zip"] == len(DATA)


def test_nothing_but_the_file_and_its_notes_is_left(bench: Bench) -> None:
    bench.host("a.csv", HostedFile(b"image_name\n"))
    bench.fetch(bench.file("a.csv"))
    assert bench.names() == {"a.csv", "manifest-sha256.txt", "fetched.json"}
    digest = sha256(b"image_name\n").hexdigest()
    assert (bench.out / "manifest-sha256.txt").read_text() == f"{digest}  a.csv\n"
    noted = json.loads((bench.out / "fetched.json").read_text())["files"][0]
    assert noted["etag"] == '"one"'
    assert noted["hash_basis"] == "first download"
    assert any(f"no hash is published; recorded SHA-256 {digest}" in s for s in bench.spoken.lines)


@pytest.mark.parametrize("size", [0, 1, 19_999, 20_000, 20_001])
def test_any_size_comes_whole(bench: Bench, size: int) -> None:
    data = content(size)
    bench.host("a.bin", HostedFile(data))
    bench.fetch(bench.file("a.bin", bytes=size))
    assert bench.here("a.bin") == data


def test_dropped_connections_are_taken_up_where_they_broke(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, drops=12, drop_after=5_000))
    bench.fetch(bench.file("a.zip"))
    assert bench.here("a.zip") == DATA
    # Nothing was sent twice but what lay on the line when it broke.
    assert bench.server.n_sent < len(DATA) + 12 * 5_000


def test_a_server_that_always_drops_is_given_up_with_what_to_do(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, drops=-1, drop_after=0))
    with pytest.raises(FetchError, match=r"a\.zip.*ended|dropped.*Run the same command again"):
        bench.fetch(bench.file("a.zip"))
    assert not (bench.out / "a.zip").exists()


def test_what_came_before_a_failure_is_kept_for_the_next_run(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, drops=-1, drop_after=15_000))
    never_again = replace(QUICK, retries=0)
    with pytest.raises(FetchError):
        bench.fetch(bench.file("a.zip"), patience=never_again)
    kept = sum(json.loads((bench.out / "a.zip.part.json").read_text())["done"])
    assert kept >= 15_000
    bench.server.files["/a.zip"].drops = 0
    before = bench.server.n_sent
    bench.fetch(bench.file("a.zip"))
    assert bench.here("a.zip") == DATA
    assert bench.server.n_sent - before == len(DATA) - kept + 1


@pytest.mark.parametrize("more", [-3_000, 3_000])
def test_a_server_that_lies_about_the_length_of_a_range(bench: Bench, more: int) -> None:
    bench.host("a.zip", HostedFile(DATA, announces_more=more))
    bench.file("a.zip")
    bench.server.files["/a.zip"].announces_more = more
    if more > 0:
        bench.fetch(bench.file("a.zip"))
        assert bench.here("a.zip") == DATA
        return
    # The first byte itself was announced as none; whatever comes of it, no wrong file does.
    with pytest.raises(FetchError):
        bench.fetch(bench.file("a.zip"))
    assert not (bench.out / "a.zip").exists()


def test_a_server_that_announces_more_than_it_gives(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, takes_ranges=False, announces_more=500))
    with pytest.raises(FetchError, match=r"dropped before the end|announced"):
        bench.fetch(bench.file("a.zip"))
    assert not (bench.out / "a.zip").exists()


def test_a_server_that_announces_less_than_it_gives(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, takes_ranges=False, announces_more=-500))
    with pytest.raises(FetchError, match="199,500 bytes; the registry says 200,000"):
        bench.fetch(bench.file("a.zip", bytes=len(DATA)))
    assert not (bench.out / "a.zip").exists()


def test_an_error_page_in_place_of_an_archive(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(b"<html>Please log in</html>"))
    with pytest.raises(FetchError, match=r"26 bytes; the registry says about 23,000,000.*log-in"):
        bench.fetch(bench.file("a.zip", about_bytes=23_000_000))


def test_a_server_that_ignores_ranges_gives_it_in_one_go(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, takes_ranges=False, drops=2, drop_after=50_000))
    bench.fetch(bench.file("a.zip"))
    assert bench.here("a.zip") == DATA
    assert bench.spoken.bytes["a.zip"] == len(DATA)


def test_a_server_that_stops_taking_ranges_half_way(bench: Bench) -> None:
    later = HostedFile(DATA, takes_ranges=False)
    bench.host("a.zip", HostedFile(DATA, later=later, later_at=5))
    bench.fetch(bench.file("a.zip"), connections=1)
    assert bench.here("a.zip") == DATA
    assert any("no longer takes ranges; starting again" in line for line in bench.spoken.lines)


def test_a_server_that_gives_other_bytes_than_asked_for(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, shifts_ranges=0))
    shifted = HostedFile(DATA, shifts_ranges=7)
    bench.server.files["/a.zip"].later = shifted
    bench.server.files["/a.zip"].later_at = 1
    bench.fetch(bench.file("a.zip"))
    assert bench.here("a.zip") == DATA


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_is_busy_is_asked_again_after_the_wait_it_names(
    bench: Bench, status: int
) -> None:
    busy = Answer(status, {"Retry-After": "1"})
    bench.host("a.csv", HostedFile(b"x" * 900, first=[busy]))
    begin = time.monotonic()
    bench.fetch(bench.file("a.csv"))
    assert time.monotonic() - begin >= 1.0
    assert bench.here("a.csv") == b"x" * 900


def test_a_date_is_a_wait_too(bench: Bench) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    bench.host("a.csv", HostedFile(b"x", first=[Answer(503, {"Retry-After": soon})]))
    bench.fetch(bench.file("a.csv", about_bytes=1))
    assert bench.here("a.csv") == b"x"


def test_busy_in_the_middle_of_pieces(bench: Bench) -> None:
    hosted = HostedFile(DATA)
    bench.host("a.zip", hosted)
    hosted.later = HostedFile(DATA, first=[Answer(503), Answer(429), Answer(503), Answer(502)])
    hosted.later_at = 4
    bench.fetch(bench.file("a.zip"))
    assert bench.here("a.zip") == DATA


def test_a_wait_that_is_too_long_is_named_not_waited(bench: Bench) -> None:
    bench.host("a.csv", HostedFile(b"x", first=[Answer(429, {"Retry-After": "86400"})] * 9))
    begin = time.monotonic()
    with pytest.raises(FetchError, match=r"wait 86,400 s\. Run the same command again after 20"):
        bench.fetch(bench.file("a.csv"))
    assert time.monotonic() - begin < 5


def test_a_server_that_is_busy_for_ever_is_given_up(bench: Bench) -> None:
    bench.host("a.csv", HostedFile(b"x", first=[Answer(503)] * 99))
    with pytest.raises(FetchError, match=r"503 Service Unavailable \(5 times in a row\)"):
        bench.fetch(bench.file("a.csv"))
    assert bench.server.files["/a.csv"].n_requests == 5


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_not_asked_again(bench: Bench, status: int) -> None:
    bench.host("a.csv", HostedFile(b"x", first=[Answer(status)] * 9))
    with pytest.raises(FetchError, match=rf"answered {status}.*may have moved"):
        bench.fetch(bench.file("a.csv"))
    assert bench.server.files["/a.csv"].n_requests == 1


@pytest.mark.parametrize(
    ("etag", "modified"),
    [('"one"', None), (None, MODIFIED), ('W/"weak"', None), ('"one"', MODIFIED)],
)
def test_a_file_that_changes_in_between_is_never_mixed(
    bench: Bench, etag: str | None, modified: str | None
) -> None:
    new = content(len(DATA), seed=1)
    later = HostedFile(
        new,
        etag=None if etag is None else etag.replace('"', '"new', 1),
        last_modified=None if modified is None else "Tue, 24 Nov 2020 10:00:00 GMT",
    )
    old = HostedFile(DATA, etag=etag, last_modified=modified, later=later, later_at=4)
    bench.host("a.zip", old)
    bench.fetch(bench.file("a.zip"))
    assert bench.here("a.zip") == new
    assert any("the file changed on the server" in line for line in bench.spoken.lines)
    assert bench.spoken.bytes["a.zip"] == len(new)


def test_a_file_that_changes_between_two_runs_is_fetched_anew(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, drops=-1, drop_after=15_000))
    with pytest.raises(FetchError):
        bench.fetch(bench.file("a.zip"), patience=replace(QUICK, retries=0))
    assert (bench.out / "a.zip.part.json").exists()
    new = content(len(DATA), seed=1)
    bench.host("a.zip", HostedFile(new, etag='"two"'))
    bench.fetch(bench.file("a.zip"))
    assert bench.here("a.zip") == new


def test_a_file_that_changes_its_length_is_fetched_anew(bench: Bench) -> None:
    new = content(len(DATA) - 50_000, seed=1)
    later = HostedFile(new, etag='"two"')
    bench.host("a.zip", HostedFile(DATA, later=later, later_at=3))
    bench.fetch(bench.file("a.zip"))
    assert bench.here("a.zip") == new


def test_a_file_that_changes_all_the_time_is_given_up(bench: Bench) -> None:
    last = HostedFile(DATA, etag='"0"')
    last.later = last
    for number in range(1, 40):
        last = HostedFile(DATA, etag=f'"{number}"', later=last, later_at=1)
    bench.host("a.zip", last)
    with pytest.raises(FetchError, match="the file changed on the server, 4 times in a row"):
        bench.fetch(bench.file("a.zip"), connections=1)
    assert not (bench.out / "a.zip").exists()


def test_without_a_mark_of_its_state_a_file_comes_in_one_go(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, etag=None))
    bench.fetch(bench.file("a.zip"))
    assert [asked for _, asked in bench.server.asked] == ["bytes=0-0", None]


def test_with_a_published_hash_it_comes_in_pieces_all_the_same(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, etag=None))
    summary = bench.fetch(bench.file("a.zip", sha256=sha256(DATA).hexdigest()))
    assert bench.here("a.zip") == DATA
    assert len(bench.server.asked) == TEN_PIECES + 1
    assert summary.files[0].hash_basis == "published"


def test_a_file_whose_length_nobody_knows_is_refused(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, takes_ranges=False, says_length=False))
    with pytest.raises(FetchError, match="a part of it could pass for the whole"):
        bench.fetch(bench.file("a.zip"))
    bench.fetch(bench.file("a.zip", sha256=sha256(DATA).hexdigest()))
    assert bench.here("a.zip") == DATA


def test_an_answer_in_chunks_has_an_end(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, takes_ranges=False, is_chunked=True))
    bench.server.files["/a.zip"].drops, bench.server.files["/a.zip"].drop_after = 3, 50_000
    bench.fetch(bench.file("a.zip"))
    assert bench.here("a.zip") == DATA


def test_a_server_that_never_stops_sending_is_cut_off(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, takes_ranges=False, is_chunked=True))
    with pytest.raises(FetchError, match="gives more than 2,000 bytes"):
        bench.fetch(bench.file("a.zip", about_bytes=1_000))


def test_a_server_that_compresses_is_refused(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, encoding="gzip"))
    with pytest.raises(FetchError, match="sends the file compressed"):
        bench.fetch(bench.file("a.zip"))


def test_a_server_that_falls_silent_is_not_waited_for(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, pause_s=3.0))
    begin = time.monotonic()
    with pytest.raises(FetchError, match="fell silent"):
        bench.fetch(bench.file("a.zip"), patience=replace(QUICK, retries=0, silence_s=0.3))
    assert time.monotonic() - begin < 3


def test_a_server_that_crawls_counts_as_dropped(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, pause_s=0.2))
    patience = replace(QUICK, retries=0, slow_s=0.1, slowest_bytes_s=1e6)
    with pytest.raises(FetchError, match="less than a few hundred bytes a second"):
        bench.fetch(bench.file("a.zip"), patience=patience)


def test_a_redirect_is_followed_and_a_loop_is_not(bench: Bench) -> None:
    there = Answer(302, {"Location": "/b.csv"})
    bench.host("a.csv", HostedFile(b"", first=[there] * 9))
    bench.host("b.csv", HostedFile(b"x" * 900))
    bench.fetch(bench.file("a.csv", about_bytes=900))
    assert bench.here("a.csv") == b"x" * 900
    bench.host("c.csv", HostedFile(b"", first=[Answer(302, {"Location": "/c.csv"})] * 99))
    with pytest.raises(FetchError, match="sends on more than 5 times"):
        bench.fetch(bench.file("c.csv"))


@pytest.mark.parametrize(
    "target",
    ["http://example.org/a.csv", "ftp://example.org/a", "file:///etc/passwd", "https://", "//["],
)
def test_a_redirect_away_from_https_is_refused(bench: Bench, target: str) -> None:
    bench.host("a.csv", HostedFile(b"", first=[Answer(301, {"Location": target})] * 9))
    with pytest.raises(FetchError, match="the server sends on to"):
        bench.fetch(bench.file("a.csv"))


def test_a_published_hash_that_does_not_fit_removes_the_file(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA))
    for known in ({"sha256": "0" * 64}, {"md5": "0" * 32}):
        with pytest.raises(FetchError, match=r"the registry says 0+\. What was downloaded"):
            bench.fetch(bench.file("a.zip", **known))
        assert bench.names() == set()
    bench.fetch(bench.file("a.zip", md5=md5(DATA).hexdigest()))  # noqa: S324  # Dataverse's own
    assert bench.here("a.zip") == DATA


def test_a_server_that_is_not_there(bench: Bench) -> None:
    file = bench.file("a.csv").model_copy(update={"url": "http://127.0.0.1:9/a.csv"})
    with pytest.raises(FetchError, match="cannot be reached"):
        bench.fetch(file)


def test_a_note_that_was_tampered_with_is_not_believed(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA, drops=-1, drop_after=15_000))
    with pytest.raises(FetchError):
        bench.fetch(bench.file("a.zip"), patience=replace(QUICK, retries=0))
    note = bench.out / "a.zip.part.json"
    document = json.loads(note.read_text())
    bench.server.files["/a.zip"].drops = 0
    for done in ([20_001, *document["done"][1:]], [-1] * 10, [True] * 10, document["done"][:-1]):
        note.write_text(json.dumps(document | {"done": done}))
        bench.fetch(bench.file("a.zip"))
        assert bench.here("a.zip") == DATA
        (bench.out / "a.zip").unlink()
        (bench.out / "a.zip.part").write_bytes(bytes(len(DATA)))


def test_two_downloads_of_one_file_do_not_meet(bench: Bench) -> None:
    from cygnet.curation.fetch.partial import PartialFile

    bench.host("a.zip", HostedFile(DATA))
    bench.out.mkdir()
    with (
        PartialFile(bench.out / "a.zip"),
        pytest.raises(StorageError, match="Another process is downloading"),
    ):
        bench.fetch(bench.file("a.zip"))
    bench.fetch(bench.file("a.zip"))


def test_a_link_in_the_place_of_the_partial_file_is_not_followed(bench: Bench) -> None:
    bench.host("a.zip", HostedFile(DATA))
    outside = bench.out.parent / "precious"
    outside.write_text("precious")
    bench.out.mkdir()
    (bench.out / "a.zip.part").symlink_to(outside)
    with pytest.raises((StorageError, FetchError)):
        bench.fetch(bench.file("a.zip"))
    assert outside.read_text() == "precious"
