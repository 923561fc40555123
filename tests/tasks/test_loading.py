"""From a name to records, hashes and subsets."""

import shutil
from itertools import pairwise

import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.tasks import files
from workbench.tasks.loading import load
from workbench.tasks.task import SPLITS

COUNTS = {
    "biosses": ((64, 16, 20), (64, 16, 20)),
    "hoc": ((1295, 186, 371), (12119, 1798, 3547)),
    "hoc:abstracts": ((1295, 186, 371), (1295, 186, 371)),
    "ncbi-disease": ((5134, 787, 960), None),
    "bc5-disease": ((4182, 4246, 4424), None),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's folder with a small BIOSSES."""
    monkeypatch.delenv(files.DATA_VARIABLE, raising=False)
    (tmp_path / "BIOSSES").mkdir()
    for split in SPLITS:
        content = f"pair_id\tsent1\tsent2\tscore\n1\ta {split}\tb\t1.0\n2\tc\td\t2.0\n"
        (tmp_path / "BIOSSES" / f"{split}.tsv").write_text(content)
    return tmp_path


@pytest.mark.parametrize("name", COUNTS)
def test_counts_of_the_real_tasks(corpora, name):
    task = load(name)
    units, records = COUNTS[name]
    assert tuple(task.shape.count(task.splits[split]) for split in SPLITS) == units
    assert records is None or tuple(len(task.splits[split]) for split in SPLITS) == records
    assert task.notes == () and task.name == name


@pytest.mark.parametrize("name", ["similarity", "document", "mention"])
def test_generated_tasks_are_like_the_real_ones(corpora, name):
    real = {"similarity": "biosses", "document": "hoc", "mention": "ncbi-disease"}[name]
    generated, task = load(f"miniature-{name}"), load(real)
    assert generated.task.synthetic and "synthetic" in generated.task.title
    assert generated.splits["train"].features == task.splits["train"].features


@pytest.mark.parametrize("name", ["similarity", "document", "mention"])
def test_generated_tasks_encode_and_score(name, bert):
    task = load(f"miniature-{name}")
    records = task.splits["dev"]
    encoded = task.shape.encode(records, bert, task.task.max_length)
    rows = len(encoded.token_ids) if task.shape.objective == "token" else len(encoded)
    outputs = np.random.default_rng(0).normal(size=(rows, task.shape.outputs))
    scores = task.shape.score(records, task.shape.predict(records, encoded, outputs))
    assert next(iter(scores)) == task.task.metric and None not in scores.values()


def test_an_edited_file_is_another_task_and_says_so(folder):
    before = load("biosses", folder)
    path = folder / "BIOSSES" / "dev.tsv"
    path.write_text(path.read_text().replace("c\td", "c\te"))
    after = load("biosses", folder)
    assert before.data_hash != after.data_hash
    assert after.splits["dev"]["sentence2"][1] == "e"
    assert [note.split()[0] for note in after.notes] == [
        f"BIOSSES/{split}.tsv" for split in ("train", "dev", "test")
    ]


def test_only_the_changed_file_is_noted(corpora, tmp_path):
    shutil.copytree(corpora / "BIOSSES", tmp_path / "BIOSSES")
    path = tmp_path / "BIOSSES" / "train.tsv"
    path.chmod(0o600)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    task = load("biosses", tmp_path)
    assert [note.split()[0] for note in task.notes] == ["BIOSSES/train.tsv"]
    assert task.data_hash != load("biosses").data_hash


def test_a_damaged_file_names_itself(folder):
    path = folder / "BIOSSES" / "test.tsv"
    path.write_text(path.read_text() + "3\tcut")
    with pytest.raises(WorkbenchError, match=r"test\.tsv, line 4: the file ends in the middle"):
        load("biosses", folder)


@pytest.mark.parametrize("options", ["noise=0.1", "seed=1", "difficulty=0.5", "size=32"])
def test_a_setting_is_another_task(options):
    other = load(f"miniature-mention:{options}")
    assert other.data_hash != load("miniature-mention").data_hash
    assert other.name == f"miniature-mention:{options}"


@pytest.mark.parametrize("name", ["miniature-similarity", "miniature-document"])
def test_subsets_are_nested_and_keep_the_order(name):
    task = load(name)
    rows = [task.subset(size, seed=1).splits["train"].to_list() for size in (8, 32, 64)]
    assert rows[2] == task.splits["train"].to_list()
    for small, large in pairwise(rows):
        assert small == [row for row in large if row in small]


def test_a_subset_keeps_whole_documents_and_the_other_splits():
    task = load("miniature-document")
    subset = task.subset(5, seed=0)
    kept = set(subset.splits["train"]["document"])
    whole = [row for row in task.splits["train"] if row["document"] in kept]
    assert len(kept) == 5 and subset.splits["train"].to_list() == whole
    assert subset.splits["test"].to_list() == task.splits["test"].to_list()
    assert subset.data_hash == task.data_hash and subset.name == task.name


def test_subsets_are_the_same_on_every_machine():
    task = load("miniature-similarity")
    task = task.subset(4, seed=0)
    full = load("miniature-similarity").splits["train"].to_list()
    places = [full.index(row) for row in task.splits["train"].to_list()]
    assert places == [15, 36, 44, 46]


def test_seeds_draw_different_subsets():
    task = load("miniature-similarity")
    first, second = (task.subset(8, seed).splits["train"].to_list() for seed in (0, 1))
    assert first != second


def test_zero_is_all_and_too_many_are_refused():
    task = load("miniature-mention")
    assert task.subset(0, seed=0).splits["train"].to_list() == task.splits["train"].to_list()
    with pytest.raises(WorkbenchError, match=r"training set of 65 .* has 64 training units"):
        task.subset(65, seed=0)
