"""Every shape's scores against independent implementations, on predictions meant to break them."""

import numpy as np
import pytest
from datasets import Dataset
from scipy import stats
from seqeval.metrics import f1_score as entity_f1
from sklearn.metrics import accuracy_score, f1_score

from workbench.tasks.classification import Classification
from workbench.tasks.document import Document
from workbench.tasks.mention import Mention
from workbench.tasks.regression import Regression
from workbench.tasks.tagging import Words

SIZES = (7, 1, 12, 3, 1, 20, 5)
"""Words of each sentence."""

RELATION = Classification(("none", "a", "b", "c"), negative=("none",))
CLASSES = {
    "random": lambda gold, draws: draws.permutation(gold),
    "gold": lambda gold, draws: gold,
    "all negative": lambda gold, draws: np.zeros_like(gold),
    "one class": lambda gold, draws: np.full_like(gold, 2),
    "never right": lambda gold, draws: (gold + 1) % 4,
    "positive and wrong": lambda gold, draws: np.where(gold == 1, 2, 1),
}


@pytest.mark.parametrize("classes", [range(4), range(3), range(1), range(2, 3)])
@pytest.mark.parametrize("wrong", CLASSES)
def test_classes(wrong, classes):
    draws = np.random.default_rng(0)
    gold = draws.choice(classes, 60)
    predicted = CLASSES[wrong](gold, draws)
    records = Dataset.from_dict({"text": ["a"] * 60, "label": gold.tolist()})
    scores = RELATION.score(records, predicted)
    options = {"labels": [1, 2, 3], "zero_division": 0}
    assert scores["micro_f1"] == pytest.approx(
        f1_score(gold, predicted, average="micro", **options)
    )
    assert scores["macro_f1"] == pytest.approx(
        f1_score(gold, predicted, average="macro", **options)
    )
    assert scores["accuracy"] == pytest.approx(accuracy_score(gold, predicted))


LABELS = {
    "random": lambda gold, draws: draws.integers(0, 2, gold.shape),
    "gold": lambda gold, draws: gold,
    "none": lambda gold, draws: np.zeros_like(gold),
    "all": lambda gold, draws: np.ones_like(gold),
    "one column": lambda gold, draws: np.eye(4, dtype=gold.dtype)[[1] * len(gold)],
    "never right": lambda gold, draws: 1 - gold,
}


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0], ids=["without labels", "few", "every label"])
@pytest.mark.parametrize("metric", ["micro_f1", "macro_f1"])
@pytest.mark.parametrize("wrong", LABELS)
def test_documents(wrong, metric, share):
    draws = np.random.default_rng(0)
    documents = draws.integers(0, 15, 60)
    sentences = (draws.random((60, 4)) < share).astype(int)
    records = Dataset.from_dict(
        {"text": ["a"] * 60, "labels": sentences.tolist(), "document": documents.astype(str)}
    )
    order = list(dict.fromkeys(documents.tolist()))
    gold = np.array([sentences[documents == one].max(axis=0) for one in order])
    predicted = LABELS[wrong](gold, draws)
    expected = f1_score(gold, predicted, average=metric[:5], zero_division=0)
    scores = Document(tuple("wxyz"), metric=metric).score(records, predicted)
    assert scores[metric] == pytest.approx(expected)


TAGS = {
    "random": lambda gold, draws, count: draws.integers(0, count, len(gold)),
    "gold": lambda gold, draws, count: gold,
    "all O": lambda gold, draws, count: np.full_like(gold, count - 1),
    "all B": lambda gold, draws, count: np.zeros_like(gold),
    "all I": lambda gold, draws, count: np.ones_like(gold),
    "one word late": lambda gold, draws, count: np.roll(gold, 1),
    "one word early": lambda gold, draws, count: np.roll(gold, -1),
    "B for I": lambda gold, draws, count: np.where(gold == 1, 0, gold),
    "I for B": lambda gold, draws, count: np.where(gold == 0, 1, gold),
    "other type": lambda gold, draws, count: np.where(gold < count - 1, (gold + 2) % 4, gold),
}
KINDS = {
    "untyped": Mention(),
    "typed": Mention(("B-G", "I-G", "B-D", "I-D", "O")),
    "words": Words(("I-PAR", "I-INT", "I-OUT", "O")),
}


def cut(tags):
    """Divide tags of all words into those of each sentence."""
    return np.split(np.asarray(tags), np.cumsum(SIZES)[:-1])


@pytest.mark.parametrize("gold", ["random", "all O", "one type", "one mention a sentence"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", TAGS)
def test_words(wrong, kind, gold):
    shape, draws = KINDS[kind], np.random.default_rng(0)
    count, total = shape.outputs, sum(SIZES)
    truth = {
        "random": draws.integers(0, count, total),
        "all O": np.full(total, count - 1),
        "one type": draws.choice([0, 1, count - 1], total),
        "one mention a sentence": np.concatenate([[0] + [1] * (size - 1) for size in SIZES]),
    }[gold]
    predicted = TAGS[wrong](truth, draws, count) % count
    records = Dataset.from_dict(
        {
            "words": [["a"] * size for size in SIZES],
            "tags": [tags.tolist() for tags in cut(truth)],
        }
    )
    score = shape.score(records, predicted)[shape.metric]
    if kind == "words":
        expected = f1_score(
            truth, predicted, labels=range(count - 1), average="macro", zero_division=0
        )
    else:
        names = np.array(shape.labels)
        sides = [[names[tags].tolist() for tags in cut(side)] for side in (truth, predicted)]
        expected = entity_f1(*sides, zero_division=0)
    assert score == pytest.approx(expected)


@pytest.mark.parametrize("constant", [0.0, 2.5, -1e9, float("nan"), float("inf")])
def test_a_constant_number_has_no_score(constant):
    records = Dataset.from_dict({"text": ["a"] * 5, "score": [0.0, 1.0, 2.0, 2.0, 4.0]})
    scores = Regression(("text",)).score(records, np.full(5, constant, np.float32))
    assert scores == {"pearson": None, "spearman": None}


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
@pytest.mark.parametrize("sign", [-1, 1])
def test_numbers_of_any_size(scale, sign):
    gold = np.array([0.0, 1.0, 2.0, 2.0, 4.0])
    predicted = sign * scale * np.array([0.5, 0.1, 2.0, 3.0, 3.0])
    records = Dataset.from_dict({"text": ["a"] * 5, "score": gold.tolist()})
    expected = {
        "pearson": stats.pearsonr(gold, predicted).statistic,
        "spearman": stats.spearmanr(gold, predicted).statistic,
    }
    assert Regression(("text",)).score(records, predicted) == pytest.approx(expected)
