"""From a name to records, hashes and subsets."""

import shutil
from itertools import pairwise

import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.tasks import files
from workbench.tasks.catalogue import TASKS, find
from workbench.tasks.loading import load, locate
from workbench.tasks.miniature import MAKERS
from workbench.tasks.task import SPLITS
from workbench.tasks.units import SOURCE

BLURB = tuple(name for name, task in TASKS.items() if not task.synthetic)

RECORDS = {
    "biosses": (64, 16, 20),
    "hoc": (12119, 1798, 3547),
    "hoc:abstracts": (1295, 186, 371),
    "jnlpba": (16807, 1739, 3856),
}
"""What is trained on, where the benchmark counts something else."""

COUNTED_OTHERWISE = {"bc5-disease": (4182, 4246, 4424), "ebm-pico": (69599, 17709, 16364)}
"""What the files hold where it is not what was published: EBM PICO here without train.tsv."""

CONSTANTS = {
    "gad": 0.690,
    "hoc": 0.316,
    "chemprot": 0.173,
    "ddi": 0.108,
    "ebm-pico": 0.090,
    "pubmedqa": 0.552,
}
"""The test score of the best constant prediction, to three digits."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's folder with a small BIOSSES."""
    monkeypatch.delenv(files.DATA_VARIABLE, raising=False)
    (tmp_path / "BIOSSES").mkdir()
    for split in SPLITS:
        content = f"pair_id\tsent1\tsent2\tscore\n1\ta {split}\tb\t1.0\n2\tc\td\t2.0\n"
        (tmp_path / "BIOSSES" / f"{split}.tsv").write_text(content)
    return tmp_path


def load_real(name, corpora):
    """Load a task of BLURB whose files are at hand."""
    task, _ = find(name)
    absent = [file for file in task.files if not (corpora / task.folder / file).is_file()]
    if set(absent) - set(task.spared):
        pytest.skip(f"{name} is not in the folder")
    return load(name)


@pytest.mark.parametrize("name", [*BLURB, "hoc:abstracts"])
def test_counts_of_the_real_tasks(corpora, name):
    loaded = load_real(name, corpora)
    complete = len(locate(loaded.task)) == len(loaded.task.files)
    expected = loaded.task.counts if complete else COUNTED_OTHERWISE[name]
    if name == "bc5-disease":
        expected = COUNTED_OTHERWISE[name]
    assert tuple(loaded.splits) == SPLITS and loaded.name == name
    assert tuple(map(loaded.shape.count, loaded.splits.values())) == expected
    assert bool(loaded.notes) == (not complete)
    if name in RECORDS:
        assert tuple(map(len, loaded.splits.values())) == RECORDS[name]


@pytest.mark.parametrize("name", CONSTANTS)
def test_the_best_constant_of_the_real_tasks(corpora, name):
    loaded = load_real(name, corpora)
    found = loaded.shape.best_constant_score(loaded.splits["test"])
    assert found == pytest.approx(CONSTANTS[name], abs=5e-4)


def test_the_longest_sentence_of_the_real_tasks(corpora):
    loaded = load_real("bc2gm", corpora)
    longest = max(max(map(len, records["words"])) for records in loaded.splits.values())
    assert longest == 265


def test_no_real_question_is_cut(corpora, bert):
    loaded = load_real("pubmedqa", corpora)
    records = loaded.splits["test"]
    encoded = loaded.shape.encode(records, bert, 512)
    assert encoded.lengths.max() == 512
    questions = bert(records["question"][:], add_special_tokens=False)["input_ids"]
    for question, start in zip(questions, encoded.offsets, strict=False):
        kept = encoded.token_ids[start + 1 : start + len(question) + 2].tolist()
        assert kept == [*question, bert.sep_token_id]


def test_documents_of_the_real_tasks(corpora):
    loaded = load_real("jnlpba", corpora)
    documents = [len(set(records["document"])) for records in loaded.splits.values()]
    assert documents == [1799, 200, 402]


@pytest.mark.parametrize(
    ("name", "real"),
    [
        ("similarity", "biosses"),
        ("document", "hoc"),
        ("mention", "ncbi-disease"),
        ("relation", "chemprot"),
        ("question", "pubmedqa"),
        ("pico", "ebm-pico"),
    ],
)
def test_generated_tasks_are_like_the_real_ones(corpora, name, real):
    generated, task = load(f"miniature-{name}"), load_real(real, corpora)
    assert generated.task.synthetic and "synthetic" in generated.task.title
    features = dict(task.splits["train"].features)
    features.pop(SOURCE, None)  # Generated pairs come from no abstracts.
    assert generated.splits["train"].features == features


@pytest.mark.parametrize("name", MAKERS)
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


@pytest.fixture
def pico(tmp_path, monkeypatch):
    """A user's folder with a small EBM PICO, which has no training file."""
    monkeypatch.delenv(files.DATA_VARIABLE, raising=False)
    (tmp_path / "ebmnlp").mkdir()
    for split, numbers in (("dev", range(10)), ("test", range(20, 22))):
        blocks = (f"-DOCSTART- ({each})\n\nw{each}\tI-PAR\n\n" for each in numbers)
        (tmp_path / "ebmnlp" / f"{split}.tsv").write_text("".join(blocks))
    return tmp_path


def test_pico_says_in_every_result_how_it_was_divided(pico):
    task = load("ebm-pico", pico)
    assert [len(records) for records in task.splits.values()] == [8, 2, 2]
    assert "8 of the 10 documents of dev.tsv were trained on" in task.notes[0]
    assert [note.split()[0] for note in task.notes[1:]] == ["ebmnlp/dev.tsv", "ebmnlp/test.tsv"]


def test_pico_trains_on_its_training_file_where_it_is(pico):
    divided = load("ebm-pico", pico)
    (pico / "ebmnlp" / "train.tsv").write_text("-DOCSTART- (5)\n\na\tI-INT\n\n")
    task = load("ebm-pico", pico)
    assert [len(records) for records in task.splits.values()] == [1, 10, 2]
    assert task.data_hash != divided.data_hash
    assert all("differs from the published file" in note for note in task.notes)


def test_bioasq_is_read_from_the_users_folder_only(tmp_path, monkeypatch):
    monkeypatch.delenv(files.DATA_VARIABLE, raising=False)
    with pytest.raises(WorkbenchError, match="licence asks every user to register: register"):
        load("bioasq")
    with pytest.raises(WorkbenchError, match=r"has no BioASQ/train\.tsv: register with BioASQ"):
        load("bioasq", tmp_path)
    (tmp_path / "BioASQ").mkdir()
    for split in SPLITS:
        (tmp_path / "BioASQ" / f"{split}.tsv").write_text("1\tIs it?\tIt is.\tyes\n")
    task = load("bioasq", tmp_path)
    row = {"question": "Is it?", "context": "It is.", "label": 0}
    assert task.splits["test"].to_list() == [row] and task.notes == ()


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


@pytest.mark.parametrize("name", ["ddi", "gad", "pubmedqa", "hoc", "hoc:abstracts", "ncbi-disease"])
def test_a_subset_keeps_the_shares_of_the_classes(corpora, name):
    task = load(name)
    strata = task.shape.strata(task.splits["train"])
    whole = np.unique(strata, return_counts=True)[1]
    for size in (len(whole), 100, 450):
        part = task.shape.strata(task.subset(size, seed=2).splits["train"])
        assert len(np.unique(part)) == len(whole) and len(part) == size
    found = np.unique(part, return_counts=True)[1]
    assert np.abs(found - whole * size / len(strata)).max() < 1


def test_numbers_are_drawn_alike(corpora):
    task = load("biosses")
    scores = task.splits["train"]["score"]
    assert task.subset(4, seed=0).splits["train"]["score"] == [scores[i] for i in (15, 36, 44, 46)]
