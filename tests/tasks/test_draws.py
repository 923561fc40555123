"""Scores of draws from sums over units are those of scoring the drawn records anew."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.tasks.classification import Classification
from workbench.tasks.document import Document
from workbench.tasks.draws import drawn_items, f1_on_draws, scored_anew, tally
from workbench.tasks.loading import load
from workbench.tasks.metrics import macro_f1
from workbench.tasks.own.scoring import Metric, ScoredBy
from workbench.tasks.regression import Regression
from workbench.tasks.tagging import Words
from workbench.tasks.units import DOCUMENT, SOURCE, clusters


def redrawn(shape, records, predictions, draw):
    """Return the records of a draw and their predictions, every copy of a unit apart."""
    units = clusters(records)
    copies = np.repeat(np.arange(len(draw)), draw.astype(int))
    members = [np.flatnonzero(units == unit) for unit in copies]
    rows = np.concatenate(members)
    drawn = records.select(rows)
    if DOCUMENT in records.column_names:
        names = [str(copy) for copy, found in enumerate(members) for _ in found]
        drawn = drawn.remove_columns(DOCUMENT).add_column(DOCUMENT, names)
    if shape.objective == "multi-label":
        return drawn, predictions[copies]
    if shape.objective == "token":
        ends = np.cumsum([len(words) for words in records["words"][:]])[:-1]
        sentences = np.split(predictions, ends)
        return drawn, np.concatenate([sentences[row] for row in rows])
    return drawn, predictions[rows]


def guesses(shape, records):
    """Return predictions that are right more often than not."""
    generator, gold = np.random.default_rng(0), shape.gold(records)
    if shape.objective == "regression":
        return (gold + generator.standard_normal(len(gold))).astype(np.float32)
    wrong = generator.integers(shape.outputs, size=gold.shape)
    if shape.objective == "multi-label":
        wrong = wrong % 2
    return np.where(generator.random(gold.shape) < 0.6, gold, wrong).astype(gold.dtype)


def shapes():
    for task in ("similarity", "document", "mention", "pico", "relation", "question"):
        yield pytest.param(task, lambda shape: shape, id=task)
    yield pytest.param("similarity", lambda shape: Regression(metric="spearman"), id="spearman")
    yield pytest.param(
        "document", lambda shape: Document(shape.labels, metric="macro_f1"), id="documents-macro"
    )
    yield pytest.param("pico", lambda shape: Words(shape.labels, metric="micro_f1"), id="words")
    for metric in ("macro_f1", "accuracy"):
        yield pytest.param(
            "relation", lambda shape, metric=metric: Classification(shape.labels, metric=metric),
            id=f"classes-{metric}",
        )  # fmt: skip


@pytest.mark.parametrize(("task", "changed"), list(shapes()))
def test_both_ways_agree_to_the_last_bit(task, changed):
    loaded = load(f"miniature-{task}:size=30")
    shape, records = changed(loaded.shape), loaded.splits["test"]
    if task == "relation":
        records = records.add_column(SOURCE, [str(row // 3) for row in range(len(records))])
    predictions, units = guesses(shape, records), clusters(records).max() + 1
    draws = np.random.default_rng(1).multinomial(units, [1 / units] * units, 20).astype(float)
    anew = [shape.score(*redrawn(shape, records, predictions, draw)) for draw in draws]
    found = shape.on_draws(records, predictions, draws)
    assert found.tolist() == [scores[shape.metric] for scores in anew]
    whole = shape.on_draws(records, predictions, np.ones((1, units)))
    assert whole.tolist() == [shape.score(records, predictions)[shape.metric]]
    assert len(set(found.tolist())) > 5


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_sums_agree_with_scoring_anew_whatever_is_predicted(data):
    seed, classes = data.draw(st.integers(0, 10**6)), data.draw(st.integers(1, 12))
    generator = np.random.default_rng(seed)
    gold, predicted = generator.random((2, 12, classes)) < data.draw(st.sampled_from([0.05, 0.5]))
    units, draws = generator.permutation(12) // 3, generator.integers(3, size=(6, 4)).astype(float)
    anew = scored_anew(lambda *sides: macro_f1(*sides)[2], gold, predicted, units, draws)
    found = f1_on_draws(tally(gold, predicted, "macro_f1"), units, draws)
    assert found.tolist() == anew.tolist()


def test_a_unit_is_drawn_whole():
    units = np.array([0, 1, 0, 2])
    (items,) = drawn_items(units, np.array([[2.0, 1.0, 0.0]]))
    assert items.tolist() == [0, 0, 1, 2, 2]


def test_an_undefined_score_is_no_number():
    gold, draws = np.array([1.0, 2.0, 3.0]), np.array([[3.0, 0, 0], [1, 1, 1]])
    records = load("miniature-similarity:size=8").splits["test"].select(range(3))
    found = Regression().on_draws(records, gold, draws)
    assert np.isnan(found[0]) and np.isfinite(found[1])


def test_a_function_of_a_package_is_not_drawn():
    records = load("miniature-similarity:size=8").splits["test"]
    shape = ScoredBy(Regression(), Metric("own", lambda gold, predicted: 0.5, "package 1"))
    assert shape.on_draws(records, shape.gold(records), np.ones((2, len(records)))) is None
