"""Cells come out as they stand, with the line they stand in; what would shift them is refused."""

from pathlib import Path

import pytest

from cygnet.csv_rows import CsvRows, read_csv_rows
from cygnet.errors import TableError


def read(tmp_path: Path, data: bytes) -> CsvRows:
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    return read_csv_rows(path)


def refusal(tmp_path: Path, data: bytes) -> str:
    with pytest.raises(TableError) as caught:
        read(tmp_path, data)
    message = str(caught.value)
    assert "table.csv" in message
    return message


def test_cells_are_text_and_lines_are_counted_from_the_header(tmp_path: Path) -> None:
    rows = read(tmp_path, b"a,b\n1,x\n2,\n")
    assert rows.table.to_dict(as_series=False) == {"a": ["1", "2"], "b": ["x", None]}
    assert rows.line_numbers.to_list() == [2, 3]
    assert rows.faults == ()


def test_spaces_around_cells_and_names_are_dropped(tmp_path: Path) -> None:
    rows = read(tmp_path, b" a , b\n 1 ,\tx \n")
    assert rows.table.to_dict(as_series=False) == {"a": ["1"], "b": ["x"]}


def test_a_last_line_without_a_line_end_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, b"a,b\n1,2").table.rows() == [("1", "2")]


def test_blank_lines_are_skipped_and_still_counted(tmp_path: Path) -> None:
    rows = read(tmp_path, b"\na,b\n\n1,2\n\n3,4\n\n")
    assert rows.table.rows() == [("1", "2"), ("3", "4")]
    assert rows.line_numbers.to_list() == [4, 6]


def test_a_byte_order_mark_is_skipped_and_noted(tmp_path: Path) -> None:
    rows = read(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n")
    assert rows.table.columns == ["a", "b"]
    assert rows.byte_order_mark


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_line_ends_of_windows_and_of_old_macs_are_read(tmp_path: Path, end: bytes) -> None:
    rows = read(tmp_path, end.join([b"a,b", b"1,2", b"3,4", b""]))
    assert rows.table.rows() == [("1", "2"), ("3", "4")]
    assert rows.line_numbers.to_list() == [2, 3]
    assert rows.windows_line_ends == (end == b"\r\n")


def test_quoted_cells_may_hold_commas_and_line_ends(tmp_path: Path) -> None:
    rows = read(tmp_path, b'a,b\n"head, neck",1\n"two\nlines",2\n"a ""b""",3\n')
    assert rows.table["a"].to_list() == ["head, neck", "two\nlines", 'a "b"']
    assert rows.line_numbers.to_list() == [2, 3, 5]


def test_a_column_without_a_name_is_dropped(tmp_path: Path) -> None:
    assert read(tmp_path, b",a\n0,x\n1,y\n").table.columns == ["a"]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"none\.csv: There is no such file"):
        read_csv_rows(tmp_path / "none.csv")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="This is a folder"):
        read_csv_rows(tmp_path)


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "This file is empty" in refusal(tmp_path, data)


@pytest.mark.parametrize("data", [b"a,b\n", b"a,b", b'"a",b\n\n'])
def test_a_header_without_rows_is_refused(tmp_path: Path, data: bytes) -> None:
    assert "a header and no rows" in refusal(tmp_path, data)


@pytest.mark.parametrize(
    ("delimiter", "name"), [(b";", "semicolons"), (b"\t", "tabs"), (b"|", "vertical bars")]
)
def test_another_delimiter_is_named(tmp_path: Path, delimiter: bytes, name: str) -> None:
    message = refusal(tmp_path, delimiter.join([b"a", b"b\n1", b"2\n"]))
    assert f"separated by {name}" in message
    assert "row 1" in message
    assert "Save it with commas" in message


def test_latin_1_is_refused_with_row_and_value(tmp_path: Path) -> None:
    rows = read(tmp_path, "a,b\n1,nevus\n2,café au lait\n".encode("latin-1"))
    (fault,) = rows.faults
    assert "not UTF-8" in fault.rule
    assert [(one.row, one.value) for one in fault.offenders] == [(3, "café au lait")]
    assert "iconv" in fault.remedy
    # Read all the same, so that what else is wrong is told in the same breath.
    assert rows.table["b"].to_list() == ["nevus", "café au lait"]


def test_utf_16_is_refused(tmp_path: Path) -> None:
    assert "UTF-16" in refusal(tmp_path, "a,b\n1,2\n".encode("utf-16"))


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    assert "zero byte stands in line 2" in refusal(tmp_path, b"PK\x03\n\x00\x00")


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_column_named_twice_is_a_fault_and_its_cells_are_read(tmp_path: Path, quote: str) -> None:
    rows = read(tmp_path, f"a,b,a\n1,2,{quote}3{quote}\n".encode())
    assert [str(fault).partition(": ")[2] for fault in rows.faults] == [
        "The header names a column twice. Found 1: row 1: 'a'. Rename or remove one of the two."
    ]
    assert rows.table.to_dict(as_series=False) == {"a": ["1"], "b": ["2"], "a (column 3)": ["3"]}


def test_a_number_given_to_a_column_takes_no_other_s_name(tmp_path: Path) -> None:
    rows = read(tmp_path, b"column 2,,a,a,a (column 4)\n1,2,3,4,5\n")
    assert rows.table.rows() == [("1", "3", "4", "5")]


def test_a_quotation_that_is_never_closed_is_refused_with_its_line(tmp_path: Path) -> None:
    assert "from line 3 on" in refusal(tmp_path, b'a,b\n1,2\n"3,4\n5,6\n')


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_surplus_and_lacking_cells_are_told_with_their_lines(tmp_path: Path, quote: bytes) -> None:
    data = b"a,b,c\n" + quote + b"1" + quote + b",2,3\n1,2\n1,2,3,4\n1\n4,5,6\n"
    rows = read(tmp_path, data)
    more, fewer = rows.faults
    assert "more cells than the header, which has 3" in more.rule
    assert [(one.row, one.value) for one in more.offenders] == [(4, "4 cells")]
    assert "fewer cells than the header, which has 3" in fewer.rule
    assert [(one.row, one.value) for one in fewer.offenders] == [(3, "2 cells"), (5, "1 cell")]
    assert rows.table.rows() == [("1", "2", "3"), ("4", "5", "6")]
    assert rows.line_numbers.to_list() == [2, 6]


def test_at_most_five_lines_are_named_and_all_are_counted(tmp_path: Path) -> None:
    (fault,) = read(tmp_path, b"a,b\n" + b"1\n" * 9).faults
    assert len(fault.offenders) == 5
    assert fault.count == 9


@pytest.mark.timeout(20)
def test_a_header_that_never_ends_is_refused_at_once(tmp_path: Path) -> None:
    # Found by fuzzing: names of columns were compared each with each, for minutes.
    message = refusal(tmp_path, b"a,b," * 25_000 + b'"c"\n1\n')
    assert "50,001 columns; at most 10,000 are read" in message
    assert read(tmp_path, b"a," * 9_999 + b"b\n" + b"1," * 9_999 + b"2\n").table.width == 10_000


def test_a_file_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with path.open("wb") as stream:
        stream.truncate(2 * 1024**3)
    with pytest.raises(TableError, match=r"This file has 2\.0 GB"):
        read_csv_rows(path)
