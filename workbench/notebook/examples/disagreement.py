"""How far runs that differ in their seed alone disagree on single items of the test set."""

from collections.abc import Sequence

import numpy as np
from scipy.special import entr


def spread(predictions: np.ndarray) -> np.ndarray:
    """Return the standard deviation of each item's predicted score between runs.

    Parameters
    ----------
    predictions
        ``float [runs, items]``, two runs or more.

    Returns
    -------
    numpy.ndarray
        ``float64 [items]``, with ``runs - 1`` in the denominator, in the scores' unit.
    """
    return np.std(predictions, axis=0, ddof=1, dtype=np.float64)


def dispute(predictions: np.ndarray) -> np.ndarray:
    """Return the entropy of runs' votes on each of an item's answers.

    Parameters
    ----------
    predictions
        Classes, ``int [runs, answers]``: an answer is a label of a document or the tag of a word.

    Returns
    -------
    numpy.ndarray
        ``float64 [answers]``, in bits: 0 where all agree, 1 for two classes that share the runs.
    """
    classes = np.unique(predictions)[:, None, None]
    shares = (predictions == classes).mean(axis=1)
    return entr(shares).sum(axis=0) / np.log(2)


def most_disputed(amounts: Sequence[float]) -> np.ndarray:
    """Return the items that runs disagree on, the most disputed first, ``int64 [items]``.

    Items on which all agree are left out; among equals the first comes first.
    """
    values = np.asarray(amounts, np.float64)
    order = np.argsort(-values, kind="stable")
    return order[values[order] > 0]


def answers(predictions: Sequence[np.ndarray]) -> list[tuple[list[int], np.ndarray]]:
    """Group runs by what they answered to one item.

    Parameters
    ----------
    predictions
        Of every run, arrays of equal shape.

    Returns
    -------
    list of tuple
        The runs' positions and their common answer, the most frequent answer first.
    """
    groups: dict[bytes, list[int]] = {}
    for run, prediction in enumerate(predictions):
        groups.setdefault(np.ascontiguousarray(prediction).tobytes(), []).append(run)
    ranked = sorted(groups.values(), key=len, reverse=True)
    return [(runs, np.asarray(predictions[runs[0]])) for runs in ranked]
