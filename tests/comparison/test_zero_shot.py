import json
import os

import numpy as np
import pytest

from tests.comparison.frames import NAN, table
from workbench.comparison import zero_shot as module
from workbench.comparison.sentence import Answer
from workbench.comparison.zero_shot import (
    ZERO_SHOT_QUESTIONS,
    ZeroShot,
    beside,
    embeddings,
    zero_shot,
)
from workbench.models.checkpoint import bundled
from workbench.tasks.files import DATA_VARIABLE

YES, NO, UNDECIDED = Answer


@pytest.fixture
def made_pairs(tmp_path, monkeypatch):
    """Stand in for the benchmark's folder: pairs made here, the alike ones scored higher."""
    folder = tmp_path / "data" / "BIOSSES"
    folder.mkdir(parents=True)
    pairs = [
        ("aspirin reduces fever", "fever is reduced by aspirin", 4.0),
        ("aspirin reduces fever", "aspirin raises fever", 2.0),
        ("aspirin reduces fever", "the stock market fell", 0.0),
    ]
    lines = [f"{number}\t{one}\t{two}\t{score}" for number, (one, two, score) in enumerate(pairs)]
    for name in ("train.tsv", "dev.tsv", "test.tsv"):
        (folder / name).write_text("\n".join(["pair_id\tsent1\tsent2\tscore", *lines]) + "\n")
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "data"))
    return folder


def test_it_is_computed_once_for_these_weights_and_this_data(made_pairs, tmp_path, monkeypatch):
    found = zero_shot(tmp_path)
    assert 0.5 < found.score <= 1
    [path] = (tmp_path / "zero-shot").iterdir()
    assert json.loads(path.read_text())["score"] == found.score
    assert "aspirin" not in path.read_text()

    def refuse(*_):
        raise AssertionError("computed again")

    with monkeypatch.context() as patched:
        patched.setattr(module, "_score", refuse)
        assert zero_shot(tmp_path) == found
    # Neither a damaged file nor other data's is believed.
    path.write_text("{}")
    assert zero_shot(tmp_path) == found
    table_file = made_pairs / "test.tsv"
    table_file.write_text(table_file.read_text().replace("4.0", "3.0"))
    assert zero_shot(tmp_path).score != found.score
    assert len(list((tmp_path / "zero-shot").iterdir())) == 2


def test_where_nothing_can_be_written_it_is_computed_all_the_same(made_pairs, tmp_path):
    (tmp_path / "zero-shot").write_text("no folder")
    assert 0.5 < zero_shot(tmp_path).score <= 1


def test_without_the_data_it_says_so_and_downloads_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    found = zero_shot(tmp_path)
    assert found == ZeroShot(None, "the data of biosses are not on this machine")
    assert not (tmp_path / "zero-shot").exists()


@pytest.mark.skipif(DATA_VARIABLE not in os.environ, reason="needs BLURB's files")
def test_on_the_benchmark_it_is_what_is_known_of_it(tmp_path):
    assert zero_shot(tmp_path).score == pytest.approx(0.847, abs=5e-4)


def test_a_text_is_embedded_alone_whatever_stands_beside_it():
    together = embeddings(bundled(), ["one", "a much longer sentence about another drug"])
    assert np.allclose(together[0], embeddings(bundled(), ["one"])[0], atol=1e-6)


MINILM = {"model": "minilm", "task": "biosses"}
KNOWN = ZeroShot(0.847)
CASES = [
    (YES, {"mean": 0.9, "low": 0.86, "high": 0.94}, KNOWN, "90.0 [86.0, 94.0] lies above the 84.7"),
    (NO, {"mean": 0.4, "low": 0.3, "high": 0.5}, KNOWN, "40.0 [30.0, 50.0] lies below the 84.7"),
    (UNDECIDED, {"mean": 0.8, "low": 0.7, "high": 0.9}, KNOWN, "is not told apart from the 84.7"),
    (UNDECIDED, {"low": NAN, "high": NAN}, KNOWN, "cannot be told from its runs"),
    (UNDECIDED, {"low": 0.3, "high": 0.5}, ZeroShot(None, "no data"), "is not known: no data."),
]


@pytest.mark.parametrize(("answer", "changes", "score", "words"), CASES)
def test_the_sentence_says_what_fine_tuning_adds(answer, changes, score, words, monkeypatch):
    monkeypatch.setattr(module, "zero_shot", lambda outputs: score)
    shown = table(MINILM | changes, **MINILM | {"low": 0.3, "high": 0.5})
    first, second = beside(shown, "outputs")
    assert (first.group, second.group) == ("base", "arm")
    assert second.answer == answer
    assert words in second.text and second.text.endswith(".")


def test_it_is_answered_with_yes_no_and_undecided(monkeypatch):
    monkeypatch.setattr(module, "zero_shot", lambda outputs: KNOWN)
    assert {answer for answer, *_ in CASES} == set(Answer)
    assert beside(table(MINILM, **MINILM), "outputs")[0].question in ZERO_SHOT_QUESTIONS


def test_only_this_model_on_this_task_is_spoken_of(tmp_path):
    assert beside(table({"model": "minilm"}), tmp_path) == []
    assert not list(tmp_path.iterdir())
