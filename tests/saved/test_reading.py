import errno
import io
import json
import sys

import pytest

from workbench.errors import WorkbenchError
from workbench.saved.reading import read_texts, write_answers

SECRET = "Mrs Miller"


@pytest.fixture
def file(tmp_path):
    def write(content, name="texts.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.mark.parametrize(
    ("inputs", "content", "expected"),
    [
        ("text", "one text\nan\tother\u2028one\n", ["one text", "an\tother\u2028one"]),
        ("text", "\ufefflast line without end\r\nb", ["last line without end", "b"]),
        ("pair", "a b\tc\nd\te\n", [["a b", "c"], ["d", "e"]]),
        ("words", "a  b , c\n", [["a", "b", ",", "c"]]),
        ("text", "", []),
    ],
)
def test_lines_are_examples(inputs, content, expected, file):
    found = read_texts(file(content), inputs)
    assert found.examples == expected
    assert found.ids == [None] * len(expected)


@pytest.mark.parametrize(
    ("inputs", "given", "expected"),
    [
        ("text", {"text": "a"}, "a"),
        ("pair", {"first": "a", "second": "b"}, ["a", "b"]),
        ("words", {"tokens": ["a", "b"]}, ["a", "b"]),
        ("words", {"text": "a b"}, ["a", "b"]),
    ],
)
def test_json_lines_may_have_ids(inputs, given, expected, file):
    content = "".join(json.dumps(each) + "\n" for each in (given | {"id": 7}, given))
    found = read_texts(file(content, "texts.jsonl"), inputs)
    assert found == read_texts(file(content), inputs, json_lines=True)
    assert found.examples == [expected] * 2
    assert found.ids == [7, None]


@pytest.mark.parametrize(
    ("inputs", "content", "name", "problem"),
    [
        ("text", f"a\n\n{SECRET}\n", "x.txt", "line 2: it is empty"),
        ("pair", f"a\tb\n{SECRET}\n", "x.tsv", "line 2: it is not two texts with one tab"),
        ("pair", f"{SECRET}\t\n", "x.tsv", "line 1: it is not two texts"),
        ("text", f"{SECRET}\n", "x.jsonl", "line 1: it is not a JSON object"),
        ("pair", f'{{"text": "{SECRET}"}}', "x.jsonl", "line 1: the model takes 'first' and"),
        ("text", f'{{"text": ["{SECRET}"]}}', "x.jsonl", "line 1: the model takes 'text'"),
        ("words", '{"tokens": []}', "x.jsonl", "line 1: the model takes 'tokens'"),
        ("text", b"a\n\xff Mrs Miller\n", "x.txt", "line 2: the text is not UTF-8"),
    ],
)
def test_a_bad_line_is_named_and_not_quoted(inputs, content, name, problem, file):
    with pytest.raises(WorkbenchError, match=problem) as raised:
        read_texts(file(content, name), inputs)
    assert "Miller" not in str(raised.value) and "\n" not in str(raised.value)


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(WorkbenchError, match=r"cannot read .*none.txt \(No such file"):
        read_texts(str(tmp_path / "none.txt"), "text")


def test_standard_input_is_a_dash(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\nb\n")))
    assert read_texts("-", "text").examples == ["a", "b"]


ANSWERS = [
    {"label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}},
    {"label": "no", "probabilities": {"no": 1.0, "yes": 0.0}, "cut": True},
]


def test_answers_are_json_lines_with_their_ids(capsys, tmp_path):
    write_answers(ANSWERS, ["x", None])
    printed = capsys.readouterr().out
    assert list(map(json.loads, printed.splitlines())) == [{"id": "x"} | ANSWERS[0], ANSWERS[1]]
    write_answers(ANSWERS, ["x", None], str(tmp_path / "out.jsonl"))
    assert (tmp_path / "out.jsonl").read_text() == printed


@pytest.mark.parametrize(
    ("answers", "table"),
    [
        (ANSWERS, "id\tlabel\tp(no)\tp(yes)\tcut\n0\tyes\t0.25\t0.75\t\n1\tno\t1.0\t0.0\tTrue\n"),
        ([{"score": 1.5}, {"score": -2.0}], "id\tscore\n0\t1.5\n1\t-2.0\n"),
        (
            [{"labels": ["a b", "c"], "probabilities": {"a b": 0.6}}, {"labels": []}],
            "id\tlabels\tp(a b)\n0\ta b|c\t0.6\n1\t\t\n",
        ),
        (
            [
                {
                    "tags": ["B", "I", "O"],
                    "probabilities": [0.5, 0.75, None],
                    "mentions": [[0, 2, "x"], [2, 3, ""]],
                }
            ],
            "id\ttags\tmentions\tprobabilities\n0\tB I O\t0:2:x 2:3\t0.5 0.75 \n",
        ),
        ([], ""),
    ],
)
def test_answers_as_a_table(answers, table, tmp_path, capsys):
    ids = list(range(len(answers)))
    write_answers(answers, ids, tabs=True)
    assert capsys.readouterr().out == table
    write_answers(answers, ids, str(tmp_path / "out.tsv"))
    assert (tmp_path / "out.tsv").read_text() == table


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(WorkbenchError, match="disk is full"):
        write_answers(ANSWERS, [None, None], str(tmp_path / "out.jsonl"))
    assert list(tmp_path.iterdir()) == []
