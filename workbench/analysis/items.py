"""How far a difference on these test items may lie from the difference on others like them.

Every run of a study is scored on the same items, so seeds and items are crossed: more seeds shrink
what differs between seeds, and leave what differs between items as it is.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from workbench.errors import WorkbenchError

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


def draws(clusters: int, resamples: int = RESAMPLES) -> np.ndarray:
    """Draw items with replacement, in the same way at every call.

    Parameters
    ----------
    clusters
        Items; of items that belong together, such as the sentences of a document, their groups.
    resamples
        Draws.

    Returns
    -------
    numpy.ndarray
        How often each draw holds each item or group, ``float64 [resamples, clusters]``.
    """
    chosen = np.random.default_rng(0).integers(clusters, size=(resamples, clusters))
    return np.array([np.bincount(row, minlength=clusters) for row in chosen], np.float64)


def item_error(
    technique: np.ndarray, baseline: np.ndarray, clusters: int, paired: bool = True
) -> ItemError:
    """Estimate the items' error of a difference from the scores of runs on draws of the items.

    The draws are the same for every run of both sides. Draws and seeds are crossed factors: the
    component of variance between draws is the error that seeds do not shrink; what draws and seeds
    do together is taken off it, since that shrinks with the seeds.

    Parameters
    ----------
    technique, baseline
        Scores, ``float [draws, seeds]``, NaN where undefined; a draw on which any is undefined is
        left out.
    clusters
        Items, or groups of items, that were drawn.
    paired
        Whether the seeds of both sides belong together, in the same order. Runs of two checkpoints
        do not, and what each side does with the draws is then taken off for itself; the items are
        the same for both, so their error is still that of the difference.

    Returns
    -------
    ItemError

    Raises
    ------
    WorkbenchError
        When there are fewer than two seeds or items, or the metric is undefined on most draws.

    Notes
    -----
    Resampling two crossed factors: Owen (2007), The pigeonhole bootstrap, Annals of Applied
    Statistics 1, 386-411. Components from mean squares: Searle, Casella and McCulloch (1992),
    Variance components, chapter 4.
    """
    if clusters < 2 or min(technique.shape[1], baseline.shape[1]) < 2:
        raise WorkbenchError(
            "the error of the test items needs predictions of at least two seeds on two items"
        )
    good = np.isfinite(np.hstack([technique, baseline])).all(axis=1)
    if good.sum() < max(2, len(good) / 2):
        raise WorkbenchError("the metric is undefined on most draws of the test items")
    technique, baseline = technique[good], baseline[good]
    sides = [technique - baseline] if paired else [technique, baseline]
    means = technique.mean(axis=1) - baseline.mean(axis=1)
    between = float(means.var(ddof=1)) - sum(map(_shrinking, sides))
    # A bootstrap variance of a mean is (k - 1) / k of the unbiased one.
    return ItemError((max(0.0, between) * clusters / (clusters - 1)) ** 0.5, clusters)


def _shrinking(table: np.ndarray) -> float:
    """Return what draws and seeds do together to the means of a table's rows, as a variance.

    It is the mean square of the residual over the number of seeds: with mean squares, the
    component of the rows is ``(MS_rows - MS_residual) / columns``.
    """
    rows, columns = table.shape
    residual = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    return float((residual**2).sum()) / ((rows - 1) * (columns - 1)) / columns
