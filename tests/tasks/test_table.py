"""Damaged files are refused with file, line and mend."""

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.table import lines, rows

HEADER = ("a", "b")


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("", 1, "empty"),
        ("1\t2\n", 1, "header 'a b'"),
        ("a\tb\n", 2, "no row"),
        ("a\tb\n1\t2\n3\n", 3, "1 fields stand where 2 belong"),
        ("a\tb\n1\t2\t3\n", 2, "3 fields stand where 2 belong"),
        ("a\tb\n1\t2\n\n", 3, "1 fields"),
        ("a\tb\n1\t2", 2, "ends in the middle"),
        (b"a\tb\n1\t\xff\n", 2, "not UTF-8"),
    ],
)
def test_a_damaged_file_is_refused(write, content, line, problem):
    path = write(content)
    with pytest.raises(WorkbenchError, match=rf"train\.tsv, line {line}: .*{problem}.*; mend"):
        list(rows(path, HEADER))


def test_quotes_are_text(write):
    assert list(rows(write('a\tb\n"x\ty"z\n'), HEADER)) == [(2, ['"x', 'y"z'])]


def test_other_line_ends_and_a_byte_order_mark_are_accepted(write):
    assert lines(write(b"\xef\xbb\xbfa\r\nb\r\n")) == ["a", "b"]


def test_a_unicode_line_separator_ends_no_line(write):
    assert lines(write("a\u2028b\x85c\n")) == ["a\u2028b\x85c"]
