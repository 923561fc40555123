"""How far a difference on these test items may lie from the difference on others like them.

Every run of a study is scored on the same items, so seeds and items are crossed: more seeds shrink
what differs between seeds, and leave what differs between items as it is.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from workbench.errors import WorkbenchError

Score = Callable[[np.ndarray, np.ndarray], float | None]

RESAMPLES = 400


class ItemError(NamedTuple):
    """The part of a difference's error that more seeds do not shrink."""

    sd: float
    """Standard deviation of the difference over test sets, for infinitely many seeds."""
    clusters: int
    """Items, or groups of items, that it was estimated from."""

    def half_width(self, level: float) -> float:
        """Return half the width of the two-sided interval that holds but for ``level``."""
        if level <= 0:
            return np.inf
        return self.sd * float(stdtrit(self.clusters - 1, 1 - level / 2))

    def share(self, seed_error: float) -> float:
        """Return the share of the variance of the mean difference that seeds do not shrink.

        Parameters
        ----------
        seed_error
            Standard error of the mean difference over seeds on these items.
        """
        total = self.sd**2 + seed_error**2
        return self.sd**2 / total if total else 0.0


def item_error(
    score: Score,
    gold: np.ndarray,
    technique: np.ndarray,
    baseline: np.ndarray,
    groups: np.ndarray | None = None,
    resamples: int = RESAMPLES,
) -> ItemError:
    """Estimate the items' error of a paired difference from stored predictions.

    Test items are drawn with replacement, the same draw for every seed and both sides, and each
    seed's difference is scored on it. Draws and seeds are then crossed factors: the component of
    variance between draws is the error that seeds do not shrink; what draws and seeds do together
    is taken off it, since that shrinks with the seeds.

    Parameters
    ----------
    score
        The metric of ``gold[items], predictions[items]``; None where it is undefined.
    gold
        ``[items, ...]``.
    technique, baseline
        Predictions of the paired runs, ``[seeds, items, ...]``, in the same order of seeds.
    groups
        ``[items]``: items of one group, such as the sentences of a document, are drawn together.
    resamples
        Draws of items, the same at every call.

    Returns
    -------
    ItemError

    Raises
    ------
    WorkbenchError
        When there are fewer than two seeds or groups, or the metric is undefined on most draws.

    Notes
    -----
    Resampling two crossed factors: Owen (2007), The pigeonhole bootstrap, Annals of Applied
    Statistics 1, 386-411. Components from mean squares: Searle, Casella and McCulloch (1992),
    Variance components, chapter 4.
    """
    groups = np.arange(len(gold)) if groups is None else np.asarray(groups)
    names = np.unique(groups)
    if len(names) < 2 or len(technique) < 2:
        raise WorkbenchError(
            "the error of the test items needs predictions of at least two seeds on two items"
        )
    members = [np.flatnonzero(groups == name) for name in names]
    draws = np.random.default_rng(0).integers(len(names), size=(resamples, len(names)))
    table = np.array(
        [
            _differences(
                score, gold, technique, baseline, np.concatenate([members[i] for i in draw])
            )
            for draw in draws
        ]
    )
    table = table[np.isfinite(table).all(axis=1)]
    if len(table) < resamples / 2:
        raise WorkbenchError("the metric is undefined on most draws of the test items")
    # A bootstrap variance of a mean is (k - 1) / k of the unbiased one.
    variance = between_rows(table) * len(names) / (len(names) - 1)
    return ItemError(variance**0.5, len(names))


def _differences(
    score: Score, gold: np.ndarray, technique: np.ndarray, baseline: np.ndarray, items: np.ndarray
) -> list[float]:
    """Return each seed's difference on a draw of the items, NaN where it is undefined."""
    sides = [
        [score(gold[items], predictions[items]) for predictions in side]
        for side in (technique, baseline)
    ]
    return [np.nan if None in pair else pair[0] - pair[1] for pair in zip(*sides, strict=True)]


def between_rows(table: np.ndarray) -> float:
    """Return the component of variance between the rows of a two-way table, at least 0.

    Parameters
    ----------
    table
        ``float [rows, columns]``, one value a cell, at least two of each.

    Notes
    -----
    With mean squares of rows and of the residual, ``(MS_rows - MS_residual) / columns``.
    """
    rows, columns = table.shape
    row_means = table.mean(axis=1)
    residual = table - row_means[:, None] - table.mean(axis=0) + table.mean()
    mean_square = (residual**2).sum() / ((rows - 1) * (columns - 1))
    return max(0.0, float(row_means.var(ddof=1) - mean_square / columns))
