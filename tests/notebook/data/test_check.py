"""The data of tasks for a terminal: tables, a CSV file, a figure; and never a text."""

from pathlib import Path

import pandas as pd
import pytest

from workbench.errors import WorkbenchError
from workbench.notebook.data.check import at_hand, check_data, check_one, tokenizers_of
from workbench.notebook.data.tables import counts_table, labels_table, lengths_table, text
from workbench.notebook.figures import rendering
from workbench.tasks.files import DATA_VARIABLE
from workbench.tasks.loading import load

TASK = "miniature-relation:size=8"


@pytest.fixture(scope="module")
def tokenizers():
    return tokenizers_of("minilm")


@pytest.fixture(scope="module")
def found(tokenizers):
    return check_one(TASK, tokenizers, "title")


@pytest.fixture
def biosses(tmp_path, monkeypatch):
    """A data folder with nothing but a small BIOSSES."""
    (tmp_path / "BIOSSES").mkdir()
    for split in ("train", "dev", "test"):
        lines = f"pair_id\tsent1\tsent2\tscore\n1\tsecret {split}\tb\t1.0\n2\tc\td\t3.0\n"
        (tmp_path / "BIOSSES" / f"{split}.tsv").write_text(lines)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))


def test_tables_of_the_same_kind_stand_together(found, tokenizers):
    other = check_one("miniature-similarity:size=8", tokenizers, "title")
    printed = text([found, other])
    for heading in ("Counts\n", "Records that repeat", "Word pieces of", "Fragmentation of words"):
        assert printed.count(heading) == 1
    assert printed.count("\nLabels of ") == 2
    assert max(map(len, printed.splitlines())) <= 100


def test_no_record_is_in_any_table(found):
    printed = text([found]) + found.tidy().to_csv()
    task = load(TASK)
    for split in task.splits.values():
        for (record,) in task.shape.inputs(split):
            assert record not in printed


def test_a_count_that_is_not_the_published_one_is_marked(biosses, tokenizers):
    table = counts_table(check_one("biosses", tokenizers, "title"))
    assert list(table["counted"]) == ["2 sentence pairs"] * 3
    assert list(table["published"]) == ["64 (differs)", "16 (differs)", "20 (differs)"]


def test_numbers_are_written_for_people(found):
    assert set(lengths_table(found)["cut"]) == {"0 (0%)"}
    shares = labels_table(found).set_index("label")["train"]
    assert all(cell.endswith("%)") for cell in shares)
    total = sum(int(cell.split()[0].replace(",", "")) for cell in shares)
    assert total == len(load(TASK).splits["train"])


def test_without_names_it_is_what_is_at_hand(biosses):
    assert at_hand() == ["biosses"]
    [printed] = check_data(counts=True)
    assert "BIOSSES" in printed and "Word pieces" not in printed and "secret" not in printed


def test_nothing_at_hand_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    with pytest.raises(WorkbenchError, match="the files of no task are on this machine"):
        list(check_data())


def test_a_csv_file_holds_every_number(biosses, tmp_path):
    path = tmp_path / "new" / "data.csv"
    *_, last = check_data(["biosses", TASK], table=path)
    assert last == f"Table: {path}\n"
    table = pd.read_csv(path)
    assert list(table["task"].unique()) == ["biosses", TASK]
    assert len(table[table["table"] == "lengths"]) == 2 * 3 * 7
    assert "secret" not in path.read_text()


@pytest.mark.parametrize("ending", [".png", ".html"])
def test_each_task_has_its_figure(ending, tmp_path, monkeypatch):
    monkeypatch.setattr(rendering, "browser", lambda: None)
    names = [TASK, "miniature-mention:size=8"]
    list(check_data(names, figure=tmp_path / f"data{ending}"))
    stems = ("data-miniature-relation-size=8", "data-miniature-mention-size=8")
    beginnings = {(tmp_path / f"{stem}{ending}").read_bytes()[:6] for stem in stems}
    assert beginnings == {b"\x89PNG\r\n" if ending == ".png" else b"<!doct"}


def test_a_page_needs_nothing_from_elsewhere(tmp_path):
    list(check_data([TASK], figure=tmp_path / "data.html"))
    page = (tmp_path / "data.html").read_text()
    assert "color-scheme: light dark" in page and "<script src=" not in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"names": ["hco"]}, "no task 'hco': did you mean 'hoc'"),
        ({"names": [TASK], "models": "minilmm"}, "no model 'minilmm': did you mean 'minilm'"),
        ({"names": [TASK], "models": " , "}, "models is empty"),
        (
            {"names": [TASK], "figure": Path("a.pdf")},
            "cannot draw a.pdf: name a file that ends in .png",
        ),
        ({"names": [TASK], "figure": Path("a.png"), "counts": True}, "without --counts"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(values, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkbenchError, match=sentence):
        list(check_data(**values))
    assert list(tmp_path.iterdir()) == []


def test_own_texts_are_nowhere(tmp_path, capfd):
    rows = [
        f"Patient Quillfeather {n} was given aspirin,{'good' if n % 2 else 'bad'}"
        for n in range(40)
    ]
    (tmp_path / "notes.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    task = tmp_path / "task.yaml"
    task.write_text("name: notes\nkind: classification\ndata: notes.csv\n")
    table, figure = tmp_path / "data.csv", tmp_path / "data.html"
    printed = "".join(check_data([str(task)], table=table, figure=figure))
    assert "Labels of notes" in printed and "good" in printed
    everything = printed + table.read_text() + figure.read_text() + "".join(capfd.readouterr())
    assert "Quillfeather" not in everything and "aspirin" not in everything
