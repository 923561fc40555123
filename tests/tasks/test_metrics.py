"""The metrics against hand-computed values and independent implementations."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from seqeval.metrics import f1_score, precision_score, recall_score
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from workbench.tasks import metrics

B, I, O = range(3)  # noqa: E741
NAMES = np.array(["B", "I", "O"])
SERIES = st.lists(st.floats(-100, 100, width=32), min_size=3, max_size=20)
SENTENCES = st.lists(
    st.lists(st.tuples(st.sampled_from((B, I, O)), st.sampled_from((B, I, O))), min_size=1),
    min_size=1,
    max_size=6,
)


def spans(tags, starts):
    return metrics.spans(tags == B, tags == I, starts, np.zeros(len(tags)))


def entity_scores(gold, predicted):
    """Score lists of sentences of tags through `spans` and `entity_f1`."""
    starts = np.concatenate([np.arange(len(sentence)) == 0 for sentence in gold])
    found = [np.concatenate(side) for side in (gold, predicted)]
    return metrics.entity_f1(*(spans(tags, starts) for tags in found))


def test_pearson_by_hand():
    # Deviations -1, 0, 1 and -4/3, -1/3, 5/3: 3 / sqrt(2 * 14/3).
    assert metrics.pearson([1, 2, 3], [1, 2, 4]) == pytest.approx(3 / np.sqrt(28 / 3))


def test_spearman_shares_tied_ranks():
    # Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5.
    assert metrics.spearman([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(4.5 / np.sqrt(4.5 * 5))


@given(st.data())
def test_correlations_agree_with_scipy(data):
    gold = np.array(data.draw(SERIES))
    predicted = data.draw(arrays(np.float64, len(gold), elements=st.floats(-9, 9, width=16)))
    assume(all(np.ptp(side) > 1e-3 * np.abs(side).max() for side in (gold, predicted)))
    assume(min(np.ptp(gold), np.ptp(predicted)) > 1e-30)
    expected = stats.pearsonr(gold, predicted).statistic
    assert metrics.pearson(gold, predicted) == pytest.approx(expected, abs=1e-9)
    expected = stats.spearmanr(gold, predicted).statistic
    assert metrics.spearman(gold, predicted) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    "predicted",
    [
        [2.0, 2.0, 2.0],
        [0.0, 0.0, 0.0],
        np.float32([1.7, np.nextafter(np.float32(1.7), np.float32(2)), 1.7]),
        [1.0, float("nan"), 2.0],
        [1.0, float("inf"), 2.0],
    ],
    ids=["constant", "zero", "rounding", "nan", "infinite"],
)
@pytest.mark.parametrize("correlation", [metrics.pearson, metrics.spearman])
def test_a_correlation_without_a_spread_is_undefined(correlation, predicted):
    assert correlation([1.0, 2.0, 3.0], predicted) is None
    assert correlation(predicted, [1.0, 2.0, 3.0]) is None


def test_one_item_has_no_correlation():
    assert metrics.pearson([1.0], [2.0]) is None


def test_a_perfect_correlation_is_not_above_one():
    series = np.float32([0.1, 0.2, 0.7])
    assert metrics.pearson(series, series) <= 1.0


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((3, 4, 6), (0.75, 0.5, 0.6)), ((0, 0, 5), (0, 0, 0)), ((0, 0, 0), (0, 0, 0))],
)
def test_precision_recall_f1_by_hand(counts, expected):
    assert metrics.precision_recall_f1(*counts) == pytest.approx(expected)


@given(arrays(np.uint8, (7, 4), elements=st.integers(0, 1)), st.data())
def test_micro_f1_agrees_with_scikit_learn(gold, data):
    predicted = data.draw(arrays(np.uint8, gold.shape, elements=st.integers(0, 1)))
    expected = precision_recall_fscore_support(gold, predicted, average="micro", zero_division=0)
    assert metrics.micro_f1(gold, predicted) == pytest.approx(expected[:3])


@given(arrays(np.uint8, (7, 4), elements=st.integers(0, 1)), st.data())
def test_macro_f1_agrees_with_scikit_learn(gold, data):
    predicted = data.draw(arrays(np.uint8, gold.shape, elements=st.integers(0, 1)))
    expected = precision_recall_fscore_support(gold, predicted, average="macro", zero_division=0)
    assert metrics.macro_f1(gold, predicted) == pytest.approx(expected[:3])


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        (np.zeros((3, 2)), np.zeros((3, 2)), (0, 0, 0)),
        (np.zeros((0, 2)), np.zeros((0, 2)), (0, 0, 0)),
        (np.zeros((3, 0)), np.zeros((3, 0)), (0, 0, 0)),
        # One class is perfect, the other is predicted in vain.
        ([[1, 0], [1, 0]], [[1, 1], [1, 0]], (0.5, 0.5, 0.5)),
    ],
    ids=["no label", "no item", "no class", "in vain"],
)
def test_macro_f1_by_hand(gold, predicted, expected):
    assert metrics.macro_f1(np.array(gold), np.array(predicted)) == pytest.approx(expected)


@given(st.lists(st.tuples(*[st.sampled_from(range(3))] * 2), min_size=1))
def test_accuracy_agrees_with_scikit_learn(items):
    gold, predicted = zip(*items, strict=True)
    assert metrics.accuracy(gold, predicted) == pytest.approx(accuracy_score(gold, predicted))


def test_the_accuracy_of_nothing_is_zero():
    assert metrics.accuracy(np.zeros(0), np.zeros(0)) == 0.0


def test_an_item_may_have_none_of_the_classes():
    found = metrics.one_hot(np.array([0, 2, 1]), [1, 2])
    assert found.tolist() == [[False, False], [False, True], [True, False]]


@given(arrays(np.uint8, (5, 4), elements=st.integers(0, 1)))
def test_no_constant_set_of_labels_beats_the_best(gold):
    every = [np.array(list(f"{number:04b}"), np.uint8) for number in range(16)]
    scores = [metrics.micro_f1(gold, np.tile(labels, (5, 1)))[2] for labels in every]
    assert metrics.best_constant_micro_f1(gold) == pytest.approx(max(scores))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([O, O], []),
        ([B, I, O], [(0, 2)]),
        ([B, B, I], [(0, 1), (1, 3)]),
        ([I, I, O, I], [(0, 2), (3, 4)]),
        ([O, I, B], [(1, 2), (2, 3)]),
    ],
)
def test_spans_by_hand(tags, expected):
    tags = np.array(tags)
    starts = np.arange(len(tags)) == 0
    first, end, _ = spans(tags, starts)
    assert list(zip(first, end, strict=True)) == expected


def test_a_mention_ends_with_its_sentence():
    tags, starts = np.array([B, I, I]), np.array([True, False, True])
    first, end, _ = spans(tags, starts)
    assert list(zip(first, end, strict=True)) == [(0, 2), (2, 3)]


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        ([[B, I, O, B]], (1, 1, 1)),
        ([[O, O, O, O]], (0, 0, 0)),
        ([[B, O, O, B]], (0.5, 0.5, 0.5)),
        ([[B, I, I, B]], (0.5, 0.5, 0.5)),
        ([[I, I, O, I]], (1, 1, 1)),
        ([[B, B, O, B]], (1 / 3, 0.5, 0.4)),
    ],
    ids=["perfect", "all O", "too short", "too long", "I opens", "split"],
)
def test_entity_f1_by_hand(predicted, expected):
    assert entity_scores([[B, I, O, B]], predicted) == pytest.approx(expected)


@given(SENTENCES)
def test_entity_f1_agrees_with_seqeval(sentences):
    gold = [[tags[0] for tags in sentence] for sentence in sentences]
    predicted = [[tags[1] for tags in sentence] for sentence in sentences]
    named = [[NAMES[sentence].tolist() for sentence in side] for side in (gold, predicted)]
    scorers = (precision_score, recall_score, f1_score)
    expected = [scorer(*named, zero_division=0) for scorer in scorers]
    assert entity_scores(gold, predicted) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [([1, 1], np.log(2)), ([5, 0], 0.0), ([2, 1, 1], 1.5 * np.log(2)), ([0, 0], 0.0)],
)
def test_entropy_by_hand(weights, expected):
    assert metrics.entropy(np.array(weights)) == pytest.approx(expected)
