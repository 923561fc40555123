"""The BLURB score, and how far the finished runs have come towards it.

Source of the score: Gu et al. 2020 (arXiv:2007.15779), the average over six types of tasks of the
average over the tasks of a type.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from workbench.analysis.naming import settings_in_words
from workbench.analysis.published import TASK_TITLES
from workbench.analysis.spread import Interval
from workbench.analysis.summary import COLUMNS, summarise
from workbench.errors import WorkbenchError, unknown
from workbench.spec import RunSpec

TYPES = {
    "NER": ("bc5-chem", "bc5-disease", "ncbi-disease", "bc2gm", "jnlpba"),
    "PICO": ("ebm-pico",),
    "relation extraction": ("chemprot", "ddi", "gad"),
    "sentence similarity": ("biosses",),
    "document classification": ("hoc",),
    "question answering": ("pubmedqa", "bioasq"),
}
"""The six types that the score weighs equally, and the tasks of each."""

SEEDS = ("weights_seed", "order_seed", "dropout_seed")
TUNED = ("learning_rate", "batch_size", "epochs", "max_length")
"""What every task has of its own, and what a search on the dev set may choose."""
DATA = ("task", "data")
"""What tells two versions of a task apart, such as HoC as sentences and as abstracts."""
SHARED = tuple(
    item.name
    for item in fields(RunSpec)
    if item.name not in {*SEEDS, *TUNED, *DATA, "model", "techniques"}
)
"""What must be the same in all runs behind one score."""


def blurb_score(scores: Mapping[str, float]) -> float:
    """Return the BLURB score: the mean over the six types of the mean over their tasks.

    Parameters
    ----------
    scores
        Score of each of the thirteen tasks by name, all on one scale, which the result has too.

    Raises
    ------
    WorkbenchError
        When a task is missing, undefined or not one of BLURB's.
    """
    for name in scores:
        if name not in TASK_TITLES:
            raise unknown("BLURB task", name, TASK_TITLES)
    missing = [name for name in TASK_TITLES if pd.isna(scores.get(name))]
    if missing:
        raise WorkbenchError(
            f"the BLURB score needs all thirteen tasks: add scores for {', '.join(missing)}"
        )
    means = [mean for mean in type_means(scores).values() if mean is not None]
    return sum(means) / len(means)


def type_means(scores: Mapping[str, float]) -> dict[str, float | None]:
    """Return the mean score of each type, None where one of its tasks has no score."""
    found = {
        name: [scores[task] for task in tasks if not pd.isna(scores.get(task))]
        for name, tasks in TYPES.items()
    }
    return {
        name: sum(found[name]) / len(tasks) if len(found[name]) == len(tasks) else None
        for name, tasks in TYPES.items()
    }


def blurb_interval(
    scores: Mapping[str, float], spreads: Mapping[str, tuple[float, int]], confidence: float = 0.95
) -> Interval | None:
    """Return the interval of the BLURB score over seeds, from the spread of each task's runs.

    The tasks are taken as independent: their data, their runs and mostly their sizes differ. It
    says nothing of other test items.

    Parameters
    ----------
    scores
        Mean of each of the thirteen tasks, as `blurb_score` takes them.
    spreads
        Standard deviation and number of the runs behind each mean.
    confidence
        Share of such intervals that hold the score of infinitely many seeds, for normal scores.

    Returns
    -------
    Interval or None
        None where a task has fewer than two runs: its spread is unknown.

    Notes
    -----
    The score is a sum of means with weights ``w`` of ``1 / (6 k)``, k the tasks of the type; its
    variance the sum of ``v = w^2 sd^2 / n``, with ``(sum v)^2 / sum(v^2 / (n - 1))`` degrees of
    freedom: Satterthwaite (1946), An approximate distribution of estimates of variance components,
    Biometrics Bulletin 2, 110-114; Welch (1947), Biometrika 34, 28-35. Where no score varies, with
    those of all runs.
    """
    score = blurb_score(scores)
    sds, runs = np.array([spreads.get(task, (np.nan, 0)) for task in TASK_TITLES], float).T
    if not (np.isfinite(sds).all() and runs.min() >= 2):
        return None
    weights = {task: 1 / (len(TYPES) * len(tasks)) for tasks in TYPES.values() for task in tasks}
    variances = (np.array([weights[task] for task in TASK_TITLES]) * sds) ** 2 / runs
    variance = float(variances.sum())
    if variance:
        freedom = variance**2 / float((variances**2 / (runs - 1)).sum())
    else:
        freedom = float((runs - 1).sum())
    half = float(stdtrit(freedom, (1 + confidence) / 2)) * variance**0.5
    return Interval(score - half, score + half)


@dataclass(frozen=True)
class Standing:
    """How far one model with one technique has come.

    Attributes
    ----------
    model, technique
        Their names.
    settings
        What is not the default, such as ``"train_size 64"``; empty where all is.
    tasks
        One row for every task that has finished runs: ``task`` (with its option), ``chosen`` (the
        settings that were chosen on dev, empty where there were no others), and the columns of
        `workbench.analysis.summary.summarise`.
    missing
        Why each task without a score has none.
    """

    model: str
    technique: str
    settings: str
    tasks: pd.DataFrame
    missing: dict[str, str]

    @property
    def scores(self) -> dict[str, float]:
        """The mean over seeds of every task that has one, raw scale."""
        return {
            _base(row["task"]): row["mean"]
            for row in self.tasks.to_dict("records")
            if _base(row["task"]) not in self.missing
        }

    @property
    def types(self) -> dict[str, float | None]:
        """The mean of each type, None while one of its tasks is missing."""
        return type_means(self.scores)

    @property
    def score(self) -> float | None:
        """The BLURB score, None while a task is missing: no hole is ever filled."""
        return None if self.missing else blurb_score(self.scores)

    @property
    def interval(self) -> Interval | None:
        """The 95% interval of the score over seeds, None where a task has one run."""
        spreads = {
            _base(row["task"]): (row["sd"], row["n"] - row["undefined"])
            for row in self.tasks.to_dict("records")
            # Without an interval of its mean a task's runs are too few, or share seeds.
            if not pd.isna(row["low"])
        }
        return None if self.missing else blurb_interval(self.scores, spreads)


def standings(runs: pd.DataFrame) -> list[Standing]:
    """Sort finished runs into scores: one for every model, technique and shared settings.

    Runs that collapsed are part of every mean and counted beside it, as in all tables here.

    Parameters
    ----------
    runs
        What `workbench.store.table.runs_table` returned; tasks outside BLURB are left out.

    Returns
    -------
    list of Standing
        In the order of the runs. Where a task has runs at several learning rates, batch sizes,
        epochs or lengths, those with the best mean on dev count, as a search would choose them.
        Where it has runs on several versions of its data, none counts.
    """
    known = runs[runs["task"].map(_base).isin(list(TASK_TITLES))]
    shared = [name for name in SHARED if name in known]
    groups = known.groupby(["model", "technique", *shared], sort=False, dropna=False)
    several = known.groupby("model")["weights"].nunique().gt(1) if "weights" in known else {}
    return [
        _standing(
            group, _settings(group.iloc[0], shared, bool(several.get(group["model"].iloc[0])))
        )
        for _, group in groups
    ]


def _standing(group: pd.DataFrame, settings: str) -> Standing:
    rows, missing = [], dict.fromkeys(TASK_TITLES, "no finished run")
    for task in TASK_TITLES:
        mine = group[group["task"].map(_base) == task]
        if mine.empty:
            continue
        versions = [_chosen(version) for _, version in mine.groupby(list(DATA), sort=False)]
        rows += versions
        missing[task] = _reason(versions)
    found = pd.DataFrame(rows, columns=["task", "chosen", *COLUMNS])
    first = group.iloc[0]
    missing = {task: reason for task, reason in missing.items() if reason}
    return Standing(first["model"], first["technique"], settings, found, missing)


def _chosen(version: pd.DataFrame) -> dict[str, object]:
    """Summarise the runs of a task at the settings that are best on dev."""
    searched = list(version.groupby(list(TUNED), sort=False))
    values, best = max(searched, key=lambda pair: _dev(pair[1]))
    others = len(searched) - 1
    differing = [name for name in TUNED if version[name].nunique() > 1]
    text = ", ".join(
        f"{name} {dict(zip(TUNED, values, strict=True))[name]:g}" for name in differing
    )
    return {
        "task": version["task"].iloc[0],
        "chosen": f"{text}: the best on dev of {others + 1} settings" if others else "",
        **summarise(best).iloc[0].to_dict(),
    }


def _dev(runs: pd.DataFrame) -> float:
    mean = runs["dev"].mean()
    return float("-inf") if pd.isna(mean) else float(mean)


def _reason(versions: list[dict]) -> str:
    """Say why a task with finished runs has no score, empty where it has one."""
    if len(versions) > 1:
        names = " and ".join(dict.fromkeys(str(version["task"]) for version in versions))
        return f"runs on {len(versions)} versions of its data ({names}); choose by study"
    return "undefined in every run" if pd.isna(versions[0]["mean"]) else ""


def _settings(first: pd.Series, shared: list[str], several_weights: bool) -> str:
    """Name the shared settings that are not the default, and the weights where there are others."""
    return settings_in_words(first[shared], {"weights"} if several_weights else ())


def _base(task: str) -> str:
    return task.partition(":")[0]
