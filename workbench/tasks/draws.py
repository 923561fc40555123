"""The score of stored predictions on draws of a split's items with replacement.

Items that belong together (`workbench.tasks.units.clusters`) are drawn together. Where a score
follows from counts that add up, a draw is a weighted sum of them and nothing is scored anew:
thousands of sentences, hundreds of draws and dozens of runs then take seconds.
"""

from collections.abc import Callable, Iterator

import numpy as np

Score = Callable[[np.ndarray, np.ndarray], float | None]


def tally(gold: np.ndarray, predicted: np.ndarray, average: str) -> np.ndarray:
    """Count what precision, recall and F1 of a binary matrix are made of, item by item.

    Parameters
    ----------
    gold, predicted
        0 or 1, ``[items, classes]``.
    average
        ``"macro_f1"`` keeps the classes apart; any other name adds them up.

    Returns
    -------
    numpy.ndarray
        Correct, predicted and gold, ``int64 [items, 3, classes]``, of all classes together
        ``[items, 3, 1]``.
    """
    gold, predicted = np.asarray(gold, bool), np.asarray(predicted, bool)
    counts = np.stack([gold & predicted, predicted, gold], axis=1).astype(np.int64)
    return counts if average == "macro_f1" else counts.sum(axis=2, keepdims=True)


def f1_on_draws(counts: np.ndarray, clusters: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Score draws by F1, its mean over classes where there are several.

    Accuracy is the F1 of all classes together: every item is predicted once and gold once.

    Parameters
    ----------
    counts
        As `tally` returns them.
    clusters
        The cluster of each item, ``int64 [items]``.
    draws
        How often each draw holds each cluster, ``float64 [draws, clusters]``.

    Returns
    -------
    numpy.ndarray
        ``float64 [draws]``.
    """
    summed = np.zeros((draws.shape[1], *counts.shape[1:]))
    np.add.at(summed, clusters, counts)
    # Whole numbers, which float64 adds up without rounding.
    sums = (draws @ summed.reshape(len(summed), -1)).reshape(len(draws), *counts.shape[1:])
    correct, predicted, gold = np.moveaxis(sums, 1, 0)
    found = predicted + gold
    f1 = np.divide(2 * correct, found, out=np.zeros_like(found), where=found > 0)
    # Class after class, as `metrics.macro_f1` adds them up, so that not even rounding differs.
    return np.ascontiguousarray(f1.T).mean(axis=0)


def scored_anew(
    score: Score, gold: np.ndarray, predicted: np.ndarray, clusters: np.ndarray, draws: np.ndarray
) -> np.ndarray:
    """Score draws one by one, for a score that is no function of sums.

    Parameters
    ----------
    score
        Of ``gold[items], predicted[items]``; None where it is undefined.
    gold, predicted
        ``[items, ...]``.
    clusters, draws
        As for `f1_on_draws`.

    Returns
    -------
    numpy.ndarray
        ``float64 [draws]``, NaN where the score is undefined.
    """
    scores = [score(gold[items], predicted[items]) for items in drawn_items(clusters, draws)]
    return np.array([np.nan if value is None else value for value in scores])


def drawn_items(clusters: np.ndarray, draws: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the items of each draw, an item as often as its cluster was drawn."""
    for draw in draws.astype(np.int64):
        yield np.repeat(np.arange(len(clusters)), draw[clusters])
