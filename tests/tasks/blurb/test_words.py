"""Files of words and tags."""

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.blurb.words import read_mentions, read_words
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


def test_documents_are_named_where_every_sentence_has_one(write):
    content = "-DOCSTART- 95\n\na\tB\n\nb\tO\n-DOCSTART- (96)\n\nc\tO\n"
    assert list(read_mentions(write(content))["document"]) == ["95", "95", "96"]
    for unnamed in (f"x\tO\n\n{content}", content.replace(" (96)", "")):
        assert "document" not in read_mentions(write(unnamed)).column_names


def test_other_labels(write):
    assert read_words(write("a\tI-X\nb\tO\n"), ("O", "I-X"))["tags"][0] == [1, 0]
    with pytest.raises(WorkbenchError, match="the tag 'I' is not one of O, I-X"):
        read_words(write("a\tI\n"), ("O", "I-X"))
