"""Files of words and tags."""

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.blurb.words import read_mentions
from workbench.tasks.mention import BEGIN, INSIDE, OUTSIDE


def test_read(write):
    content = "a\tB\nb\tI\n\n\nc\tO\n"
    records = read_mentions(write(content))
    assert records.to_dict() == {
        "words": [["a", "b"], ["c"]],
        "tags": [[BEGIN, INSIDE], [OUTSIDE]],
    }


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("a\tO\nb\n", 2, "not a word, a tab and a tag"),
        ("a\tB\tO\n", 1, "not a word"),
        ("\tO\n", 1, "not a word"),
        ("a\tB-Disease\n", 1, "the tag 'B-Disease' is not one of B, I, O"),
        ("a\tI\n", 1, "no B or I is before it"),
        ("a\tO\nb\tI\n", 2, "no B or I is before it"),
        ("a\tB\n\nb\tI\n", 3, "no B or I is before it"),
        ("a\tB\nb\tO", 2, "ends in the middle"),
        ("\n\n", 1, "no sentence"),
    ],
)
def test_a_damaged_file_is_refused(write, content, line, problem):
    with pytest.raises(WorkbenchError, match=rf"train\.tsv, line {line}: .*{problem}.*; mend"):
        read_mentions(write(content))
