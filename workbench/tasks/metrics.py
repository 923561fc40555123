"""The benchmark's metrics, on plain arrays and on a scale of 0 to 1 (correlations -1 to 1).

The choice of metric for each task is that of BLURB (Gu et al. 2020, arXiv:2007.15779). A metric
that is undefined is None, never zero and never NaN.
"""

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
    begins: np.ndarray, inside: np.ndarray, starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find the mentions in a line of words.

    An I that follows no mention (after an O, or first in its sentence) opens one: this is how the
    CoNLL evaluation and `seqeval` in its default mode read it.

    Parameters
    ----------
    begins, inside
        ``bool [words]``: the word is tagged B, or I.
    starts
        ``bool [words]``: the word is the first of its sentence.

    Returns
    -------
    tuple of numpy.ndarray
        Position of the first word of each mention and of the word after its last,
        ``int64 [mentions]`` each.
    """
    tagged = begins | inside
    after_mention = np.concatenate([[False], tagged[:-1]]) & ~starts
    opens = begins | (inside & ~after_mention)
    continues = np.concatenate([(tagged & ~opens)[1:], [False]])
    return np.flatnonzero(opens), np.flatnonzero(tagged & ~continues) + 1


def entity_f1(
    gold: tuple[np.ndarray, np.ndarray], predicted: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float, float]:
    """Score mentions by exact match of both ends.

    Parameters
    ----------
    gold, predicted
        Firsts and ends, as `spans` returns them.

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
