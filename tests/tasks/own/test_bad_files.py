"""Bad files: one sentence each, which names the place and the mend and quotes no text."""

import tracemalloc

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.own.lines import LONGEST
from workbench.tasks.own.reading import read
from workbench.tasks.own.task_file import read_description

HEADER = "id,text,label\n"


@pytest.fixture
def rows(secrets):
    """Return the lines of a good CSV file, its header left out."""
    return [f"{number},{text},{'yn'[number % 2]}" for number, text in enumerate(secrets)]


def refusal(path):
    with pytest.raises(WorkbenchError) as refused:
        read(read_description(path))
    return str(refused.value), refused.value


def table(rows, header=HEADER):
    return header + "\n".join(rows) + "\n"


def replaced(rows, place, row):
    return [*rows[:place], row, *rows[place + 1 :]]


def bad_files(rows, text):
    """Return the files, the settings and the sentence of each kind of bad data."""
    good, test = table(rows[:12]), rows[12:16]
    return {
        "missing column": (
            {"a.csv": table(rows, "id,txet,label\n")},
            {},
            "a.csv, line 2: there is no column 'text', but 'txet'; name the right one under "
            "columns in the task file",
        ),
        "no header": (
            {"a.csv": table(rows, "")},
            {},
            "a.csv, line 2: there is no column 'text'; name the right one under columns",
        ),
        "unknown label in test": (
            {"a.csv": good, "t.csv": table(replaced(test, 2, f"99,{text},maybe"))},
            {"data": {"train": "a.csv", "test": "t.csv"}},
            "t.csv, line 4: the label occurs in no row of train; correct it",
        ),
        "label that is not listed": (
            {"a.csv": table(replaced(rows, 2, f"99,{text},maybe"))},
            {"labels": ["y", "n"]},
            "a.csv, line 4: the label is listed nowhere under labels in the task file; correct it",
        ),
        "empty split": (
            {"a.csv": good, "t.csv": HEADER},
            {"data": {"train": "a.csv", "test": "t.csv"}},
            "test has no row: put rows into it",
        ),
        "empty file": (
            {"a.csv": good, "t.csv": ""},
            {"data": {"train": "a.csv", "test": "t.csv"}},
            "t.csv is empty: put the rows into it",
        ),
        "too few rows to split": (
            {"a.csv": table(rows[:2])},
            {},
            "nothing is left for train where dev and test are drawn from 2 rows",
        ),
        "ragged row": (
            {"a.csv": table(replaced(rows, 3, f"3,{text}, with a comma,y"))},
            {},
            "a.csv, line 5: 4 fields stand where the header has 3; put quotes around",
        ),
        "open quote": (
            {"a.csv": table(replaced(rows, 3, f'3,"{text},y'))},
            {},
            "a.csv, line 5: a quote is not closed, or stands inside a field; double",
        ),
        "wrong encoding": (
            {"a.csv": table(replaced(rows, 4, f"4,{text} caf\xe9,y")).encode("latin-1")},
            {},
            "a.csv, line 6: the text is not utf-8; save the file as UTF-8",
        ),
        "unlabelled test": (
            {"a.csv": good, "t.csv": table(replaced(test, 1, f"98,{text},"))},
            {"data": {"train": "a.csv", "test": "t.csv"}},
            "t.csv, line 3: there is no label; every row of every split must have one",
        ),
        "one class only": (
            {"a.csv": table([f"{row[:-1]}y" for row in rows])},
            {},
            "every row of train has the same label: add rows with another",
        ),
        "duplicate ids": (
            {"a.csv": good, "t.csv": table(test), "d.csv": table([rows[16], rows[3]])},
            {"data": {"train": "a.csv", "dev": "d.csv", "test": "t.csv"}},
            "d.csv, line 3: the id is that of",
        ),
        "NaN score": (
            {
                "a.csv": table(
                    [
                        f"{row[:-1]}{'nan' if place == 5 else place}"
                        for place, row in enumerate(rows)
                    ]
                )
            },
            {"kind": "regression"},
            "a.csv, line 7: the score is not a finite number (NaN or infinite); mend it",
        ),
        "text where a score belongs": (
            {"a.csv": table(rows)},
            {"kind": "regression", "columns": {"id": "id", "label": "text", "text": "text"}},
            "a.csv, line 2: the score is missing or no number; every row",
        ),
        "texts as labels": (
            {"a.csv": table([f"{number},{text * 3},{text * 3}" for number in range(9)])},
            {},
            "the labels of train, 1 different ones, look like texts: name the column of the labels",
        ),
        "no tick": (
            {"a.csv": table(rows)},
            {"kind": "multi-label", "columns": {"label": ["label", "text"]}},
            "a.csv, line 2: column 'label' holds neither 0 nor 1; mend it",
        ),
        "short texts as labels": (
            {"a.csv": table(rows)},
            {"columns": {"label": "text"}},
            "the labels of train, 20 different ones, look like texts: name the column",
        ),
        "no text": (
            {"a.csv": table(replaced(rows, 1, "1, ,y"))},
            {},
            "a.csv, line 3: there is no text in column 'text'; write one",
        ),
        "no JSON": (
            {"a.jsonl": '{"text": "' + text + '", "label": y}\n'},
            {"data": "a.jsonl", "columns": {}},
            "a.jsonl, line 1: the line is no JSON; mend it",
        ),
        "JSON that is no object": (
            {"a.jsonl": f'["{text}"]\n'},
            {"data": "a.jsonl", "columns": {}},
            "a.jsonl, line 1: the line is no JSON object; write it as",
        ),
        "half a character": (
            {"a.jsonl": '{"text": "' + text + r' \ud800", "label": "y"}' + "\n"},
            {"data": "a.jsonl", "columns": {}},
            "a.jsonl, line 1: column 'text' holds half a character",
        ),
        "half a character of a label": (
            {"a.jsonl": '{"text": "' + text + r'", "label": "\ud800"}' + "\n"},
            {"data": "a.jsonl", "columns": {}},
            "a.jsonl, line 1: column 'label' holds half a character",
        ),
        "half a character of one of several labels": (
            {"a.jsonl": '{"text": "' + text + r'", "label": ["y", "\ud800"]}' + "\n"},
            {"data": "a.jsonl", "columns": {}, "kind": "multi-label"},
            "a.jsonl, line 1: column 'label' holds half a character",
        ),
        "half a character of a tag": (
            {"a.jsonl": '{"words": ["Quillfeather"], "tags": ["B-\\ud800"]}\n'},
            {"data": "a.jsonl", "columns": {}, "kind": "tokens"},
            "a.jsonl, line 1: column 'tags' holds half a character",
        ),
        "a list where one label belongs": (
            {"a.jsonl": '{"text": "' + text + '", "label": ["Quillfeather"]}\n'},
            {"data": "a.jsonl", "columns": {}},
            "a.jsonl, line 1: column 'label' holds several values where one belongs; write one",
        ),
        "line ends of an old Mac": (
            {"a.csv": good.replace("\n", "\r")},
            {},
            "a.csv, line 1: a carriage return stands alone, outside quotes; save the file with",
        ),
        "ragged CoNLL": (
            {"a.conll": "Quillfeather O\nwas given O\n"},
            {"data": "a.conll", "kind": "tokens", "columns": {}},
            "a.conll, line 2: 3 fields stand where 2 belong; write word and tag on each line",
        ),
        "named columns of CoNLL": (
            {"a.conll": "Quillfeather O\n"},
            {"data": "a.conll", "kind": "tokens", "columns": {"words": "form"}},
            "the columns of a CoNLL file have no names: set columns.words and columns.tags to num",
        ),
        "CoNLL of another kind": (
            {"a.conll": "Quillfeather O\n"},
            {"data": "a.conll", "columns": {}},
            "a CoNLL file holds tagged words: set kind to tokens",
        ),
        "wrong scheme": (
            {"a.conll": "Patient O\nQuillfeather I-Name\n"},
            {"data": "a.conll", "kind": "tokens", "columns": {}},
            "a.conll, line 2: the tag I goes on with a mention, but none of its type is before "
            "it; mend it, or set scheme in the task file (it is iob2)",
        ),
        "words and tags of different number": (
            {"a.jsonl": '{"words": ["Quillfeather", "was"], "tags": ["O"]}\n'},
            {"data": "a.jsonl", "kind": "tokens", "columns": {}},
            "a.jsonl, line 1: 1 tags stand beside 2 words; mend it",
        ),
        "no mention": (
            {"a.jsonl": '{"words": ["Quillfeather"], "tags": ["O"]}\n' * 9},
            {"data": "a.jsonl", "kind": "tokens", "columns": {}},
            "no row of train has a label: add rows that have one",
        ),
        "no such file": (
            {},
            {"data": "nowhere.csv"},
            "nowhere.csv cannot be read (No such file or directory): correct its path",
        ),
    }


KINDS = tuple(bad_files(["0,x,y"] * 20, "x"))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_one_sentence_that_quotes_no_text(kind, rows, secrets, task_file, leaked):
    files, settings, sentence = bad_files(rows, secrets[0])[kind]
    path = task_file(files, **{"data": "a.csv", "columns": {"id": "id"}} | settings)
    said, error = refusal(path)
    assert sentence in said
    assert "\n" not in said and not leaked(said) and str(path.parent) in said
    # A traceback shows what an error was raised from, and that would quote the text.
    assert error.__cause__ is None and (error.__context__ is None or error.__suppress_context__)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.conll"])
def test_a_line_of_two_gigabytes_is_refused_before_it_is_read(name, tmp_path, task_file):
    kind = "tokens" if name.endswith("conll") else "classification"
    path = task_file(data=name, kind=kind)
    with (tmp_path / name).open("wb") as file:
        file.truncate(1 << 31)
    tracemalloc.start()
    said, _ = refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert f"{name}, line 1: the line is longer than 10 MB; divide it" in said
    assert peak < 4 * LONGEST


def test_a_quote_that_is_never_closed_does_not_take_the_whole_file(tmp_path, task_file):
    path = task_file(data="a.csv")
    with (tmp_path / "a.csv").open("w") as file:
        file.write(f'{HEADER}1,"open\n')
        file.writelines(f"{'x' * 1000}\n" for _ in range(2 * LONGEST // 1000))
    assert "a.csv, line 2: a quote is not closed" in refusal(path)[0]
