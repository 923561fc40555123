import numpy as np
import pytest

from workbench.benchmark.workload import (
    GENERATED,
    REAL,
    TASKS,
    generate,
    load_work,
    sample,
    take,
)
from workbench.errors import WorkbenchError
from workbench.models.checkpoint import bundled
from workbench.models.tokenizer import load_tokenizer
from workbench.tasks.catalogue import find
from workbench.tasks.loading import SHAPES
from workbench.tasks.task import IGNORED, Encoded


@pytest.mark.parametrize(
    ("task", "examples", "mean", "outputs"),
    [
        ("biosses", 64, 77.8, 1),
        ("hoc", 12119, 40.0, 10),
        ("hoc:abstracts", 1295, 351.8, 10),
        ("ncbi-disease", 5424, 34.3, 3),
    ],
)
def test_generated_text_is_as_long_as_the_published(task, examples, mean, outputs):
    facts, _ = find(task)
    shape, tokenizer = SHAPES[facts.shape](facts), load_tokenizer(bundled())
    train = generate(task, shape, tokenizer, 512)
    assert (len(train), shape.outputs) == (examples, outputs)
    assert train.lengths.mean() == pytest.approx(mean, rel=0.02)
    assert train.lengths.max() <= 512


def test_what_is_generated_is_said(checkpoints):
    work = load_work("biosses", checkpoints["bert"])
    assert work.text == GENERATED
    assert set(np.unique(work.train.token_ids)) <= set(work.used)


def test_generated_tags_stand_on_the_text_alone(checkpoints):
    train = load_work("ncbi-disease", checkpoints["bert"]).train
    assert len(train.labels) == train.offsets[-1]
    assert (train.labels[train.offsets[:-1]] == IGNORED).all()
    assert (train.labels[train.offsets[1:] - 1] == IGNORED).all()
    assert set(np.unique(train.labels)) == {IGNORED, 0, 1, 2}


def test_real_text_is_read_where_it_is(checkpoints, monkeypatch, tmp_path):
    folder = tmp_path / "BIOSSES"
    folder.mkdir()
    rows = "".join(f"{i}\tone gene\tanother gene\t{i % 5}\n" for i in range(20))
    for split in ("train", "dev", "test"):
        (folder / f"{split}.tsv").write_text(f"pair_id\tsent1\tsent2\tscore\n{rows}")
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path))
    work = load_work("biosses", checkpoints["bert"])
    assert (work.text, len(work.train)) == (REAL, 20)


def test_other_tasks_are_refused_with_the_nearest(checkpoints):
    with pytest.raises(WorkbenchError, match="choose one of biosses, hoc, hoc:abstracts"):
        load_work("ddi", checkpoints["bert"])
    assert set(TASKS) == {"biosses", "hoc", "hoc:abstracts", "ncbi-disease"}


def test_a_sample_spreads_over_all_lengths():
    lengths = np.random.default_rng(0).permutation(np.arange(1, 641))
    batches = sample(lengths, 16, 4)
    sums = lengths[batches].sum(axis=1)
    assert batches.shape == (4, 16) and len(np.unique(batches)) == 64
    assert (np.diff(sums) > 0).all()
    assert sums.mean() == pytest.approx(16 * 320.5, rel=0.1)
    # A batch of the length-grouped sampler holds examples of like length.
    assert np.ptp(lengths[batches], axis=1).max() < 200


def test_a_sample_of_a_small_split_is_the_whole_split():
    batches = sample(np.array([5, 3, 9, 4, 7]), 2, 8)
    assert batches.shape == (2, 2)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [([1.0, 2.0, 3.0], [3.0, 1.0]), ([0, 1, 2, 3, 4, 5], [3, 4, 5, 0])],
)
def test_examples_are_taken_with_their_labels(labels, expected):
    split = Encoded(np.arange(6), np.zeros(6, int), np.array([0, 1, 3, 6]), np.array(labels))
    taken = take(split, np.array([2, 0]))
    assert taken.token_ids.tolist() == [3, 4, 5, 0]
    assert taken.offsets.tolist() == [0, 3, 4]
    assert taken.labels.tolist() == expected
