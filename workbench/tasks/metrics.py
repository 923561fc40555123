"""The benchmark's metrics, on plain arrays and on a scale of 0 to 1 (correlations -1 to 1).

The choice of metric for each task is that of BLURB (Gu et al. 2020, arXiv:2007.15779). A metric
that is undefined is None, never zero and never NaN.
"""

from collections.abc import Sequence

import numpy as np

SAME = 1e-6
"""Values that differ by less than this share of the largest are rounding, not a spread."""


def pearson(gold: np.ndarray, predicted: np.ndarray) -> float | None:
    """Correlate two series by Pearson's r.

    Parameters
    ----------
    gold, predicted
        ``float [items]``.

    Returns
    -------
    float or None
        Between -1 and 1; None where either series is constant, not finite, or shorter than two.
    """
    if not (_varies(gold) and _varies(predicted)):
        return None
    first, second = _standard(gold), _standard(predicted)
    return float(np.clip(first @ second, -1.0, 1.0))


def spearman(gold: np.ndarray, predicted: np.ndarray) -> float | None:
    """Correlate the ranks of two series; ties share the mean of their ranks.

    Parameters
    ----------
    gold, predicted
        ``float [items]``.

    Returns
    -------
    float or None
        Between -1 and 1; None where `pearson` is None.
    """
    if not (_varies(gold) and _varies(predicted)):
        return None
    return pearson(_ranks(gold), _ranks(predicted))


def precision_recall_f1(correct: int, predicted: int, gold: int) -> tuple[float, float, float]:
    """Return precision, recall and F1 from three counts; a share of nothing is 0."""
    precision = correct / predicted if predicted else 0.0
    recall = correct / gold if gold else 0.0
    f1 = 2 * correct / (predicted + gold) if predicted + gold else 0.0
    return precision, recall, f1


def micro_f1(gold: np.ndarray, predicted: np.ndarray) -> tuple[float, float, float]:
    """Score a binary matrix, every cell counting once.

    Parameters
    ----------
    gold, predicted
        0 or 1, ``[items, classes]``.

    Returns
    -------
    tuple of float
        Micro-averaged precision, recall and F1.
    """
    gold, predicted = np.asarray(gold, bool), np.asarray(predicted, bool)
    return precision_recall_f1(int((gold & predicted).sum()), int(predicted.sum()), int(gold.sum()))


def macro_f1(gold: np.ndarray, predicted: np.ndarray) -> tuple[float, float, float]:
    """Score a binary matrix, every column counting once.

    Parameters
    ----------
    gold, predicted
        0 or 1, ``[items, classes]``.

    Returns
    -------
    tuple of float
        The means over classes of precision, recall and F1; a class that is neither gold nor
        predicted anywhere scores 0.
    """
    gold, predicted = np.asarray(gold, bool), np.asarray(predicted, bool)
    counts = [side.sum(axis=0).tolist() for side in (gold & predicted, predicted, gold)]
    scores = [precision_recall_f1(*column) for column in zip(*counts, strict=True)]
    precision, recall, f1 = np.mean(scores, axis=0).tolist() if scores else (0.0, 0.0, 0.0)
    return precision, recall, f1


def accuracy(gold: np.ndarray, predicted: np.ndarray) -> float:
    """Return the share of items whose predicted class is the gold one; of no items it is 0."""
    same = np.asarray(gold) == np.asarray(predicted)
    return float(same.mean()) if len(same) else 0.0


def one_hot(values: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Tell which of some classes each item has, ``bool [items, classes]``; it may have none."""
    return np.asarray(values)[:, None] == np.asarray(classes)


def best_constant_micro_f1(gold: np.ndarray) -> float:
    """Return the highest micro F1 of any one set of labels given to every item.

    The best set of k labels is the k most frequent ones, because each label adds the same number
    of predictions; so trying every k finds the maximum.

    Parameters
    ----------
    gold
        0 or 1, ``[items, classes]``.
    """
    counts = np.sort(np.asarray(gold, np.int64).sum(axis=0))[::-1]
    sizes = np.arange(1, len(counts) + 1)
    predicted_and_gold = sizes * len(gold) + counts.sum()
    return float((2 * np.cumsum(counts) / predicted_and_gold).max())


def spans(
    begins: np.ndarray,
    inside: np.ndarray,
    starts: np.ndarray,
    kinds: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the mentions in a line of words.

    An I that follows no mention of its type (after an O, first in its sentence, or after another
    type) opens one: this is how the CoNLL evaluation and `seqeval` in its default mode read it.

    Parameters
    ----------
    begins, inside
        ``bool [words]``: the word is tagged B, or I.
    starts
        ``bool [words]``: the word is the first of its sentence.
    kinds
        The type in a word's tag, ``int [words]``.

    Returns
    -------
    tuple of numpy.ndarray
        Position of the first word of each mention, of the word after its last, and its type,
        ``int64 [mentions]`` each.
    """
    kinds, tagged = np.asarray(kinds, np.int64), begins | inside
    follows = np.concatenate([[False], tagged[:-1] & (kinds[1:] == kinds[:-1])])
    opens = begins | (inside & ~(follows & ~starts))
    continues = np.concatenate([(tagged & ~opens)[1:], [False]])
    firsts = np.flatnonzero(opens)
    return firsts, np.flatnonzero(tagged & ~continues) + 1, kinds[firsts]


def entity_f1(
    gold: tuple[np.ndarray, ...], predicted: tuple[np.ndarray, ...]
) -> tuple[float, float, float]:
    """Score mentions by exact match of both ends and of the type.

    Parameters
    ----------
    gold, predicted
        Firsts, ends and types, as `spans` returns them.

    Returns
    -------
    tuple of float
        Precision, recall and F1 over all mentions.
    """
    correct = len(
        set(zip(*map(np.ndarray.tolist, gold), strict=True)).intersection(
            zip(*map(np.ndarray.tolist, predicted), strict=True)
        )
    )
    return precision_recall_f1(correct, len(predicted[0]), len(gold[0]))


def entropy(weights: np.ndarray) -> float:
    """Return the entropy in nats of a distribution given by unnormalised weights."""
    weights = np.asarray(weights, np.float64)
    shares = weights[weights > 0] / weights.sum() if weights.sum() else np.ones(1)
    return float(-(shares * np.log(shares)).sum())


def _varies(values: np.ndarray) -> bool:
    values = np.asarray(values, np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        return False
    return bool(np.ptp(values) > SAME * np.abs(values).max())


def _standard(values: np.ndarray) -> np.ndarray:
    """Centre the values and scale them to length one."""
    # Scaled before they are squared: very small or large values would under- or overflow.
    centred = np.asarray(values, np.float64) - np.mean(values, dtype=np.float64)
    centred = centred / np.abs(centred).max()
    return centred / np.linalg.norm(centred)


def _ranks(values: np.ndarray) -> np.ndarray:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]
