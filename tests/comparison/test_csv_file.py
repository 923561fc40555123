import csv
import io

import pytest

from workbench.comparison.csv_file import Row, as_number, read_csv, write_rows
from workbench.errors import WorkbenchError


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "theirs.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    "content",
    ["a,b\n1,2\n\n3,4\n", "\ufeffa,b\r\n1,2\r\n3,4\r\n", 'a , b\n"1",2\n3,"4"'],
)
def test_lines_below_the_names_of_the_columns(written, content):
    names, rows = read_csv(written(content), ("b",))
    assert names == ["a", "b"]
    assert [list(row.cells.values()) for row in rows] == [["1", "2"], ["3", "4"]]


def test_lines_are_counted_as_an_editor_does(written):
    _, rows = read_csv(written('a,b\n1,"2\n2"\n\n3,4\n'), ("a",))
    assert [row.number for row in rows] == [2, 5]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty: name the columns a, b in line 1"),
        ("\n\n", "is empty: name the columns a, b in line 1"),
        ("a,b\n", "names columns and has no line below them"),
        ("a,c\n1,2\n", "line 1: the column 'b' is missing: add it"),
        ("a,bb\n1,2\n", "line 1: the column 'b' is missing: rename 'bb'"),
        ("a;b\n1;2\n", "line 1: put commas between the columns"),
        ("a,b,b\n1,2,3\n", "line 1: give every column a name, and none to two of them"),
        ("a,b,\n1,2,3\n", "line 1: give every column a name"),
        ("a,b\n1,2\nsecret,3,4\n", "line 3: its fields are 3 and the columns 2"),
        ('a,b\n1,"2\n', "line 2: it is no CSV"),
        ('a,b\n1,"secret" more\n', "line 2: it is no CSV"),
        (b"a,b\n1,2\n\xff,4\n", "line 3: it is not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(written, content, problem):
    path = written(content)
    with pytest.raises(WorkbenchError) as caught:
        read_csv(path, ("a", "b"))
    assert str(path) in str(caught.value) and problem in str(caught.value)
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_too_large(tmp_path, written, monkeypatch):
    with pytest.raises(WorkbenchError, match="there is no CSV file"):
        read_csv(tmp_path / "none.csv", ("a",))
    with pytest.raises(WorkbenchError, match="that can be read"):
        read_csv(tmp_path, ("a",))
    monkeypatch.setattr("workbench.comparison.csv_file.LARGEST", 3)
    with pytest.raises(WorkbenchError, match="is larger than"):
        read_csv(written("a\n1\n"), ("a",))


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.5", 0.5), ("-1e-3", -0.001), ("7", 7.0)]
    + [(text, None) for text in ("", "nan", "inf", "1_000", "half", "0,5")],
)
def test_numbers(text, number):
    assert as_number(text) == number


def row(tmp_path, value):
    return Row(tmp_path / "a.csv", 7, {"name": value})


@pytest.mark.parametrize("value", ["secret\nsecret", "secret " * 40, "secret\x1b[31m"])
def test_a_text_is_no_name_and_is_not_repeated(tmp_path, value):
    with pytest.raises(WorkbenchError, match="line 7, column name: write one line") as caught:
        row(tmp_path, value).text("name")
    assert "secret" not in str(caught.value)


def test_names(tmp_path):
    assert row(tmp_path, " freeze:6 ").text("name") == "freeze:6"
    assert row(tmp_path, "").optional("name") == "" == row(tmp_path, "x").optional("other")
    with pytest.raises(WorkbenchError, match="line 7, column name: it is empty"):
        row(tmp_path, " ").text("name")


@pytest.mark.parametrize("value", ["", "-1", "1.5", "1e3", "x", "\u00b2"])
def test_a_seed_is_a_whole_number(tmp_path, value):
    assert row(tmp_path, "12").seed("name") == 12
    with pytest.raises(WorkbenchError, match="must be a whole number of at least 0"):
        row(tmp_path, value).seed("name")


@pytest.mark.parametrize("name", ["=1+1", "+x", "-freeze", "@sum"])
def test_no_text_is_a_formula_in_a_spreadsheet(tmp_path, name):
    text = write_rows(["name", "score"], [[name, -0.5], ["'quoted", None]])
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[1:] == [[f"'{name}", "-0.5"], ["'quoted", ""]]
    assert [row(tmp_path, line[0]).text("name") for line in lines[1:]] == [name, "'quoted"]
