"""What a finished run leaves: scores, predictions, and whether it learned anything.

A run that failed is two things, kept apart and both counted: it *collapsed* when its final training
loss is not below the best constant predictor's or its test predictions are constant; it is *not
above trivial* when its test score does not exceed the best constant prediction's (after Mosbach et
al. 2021 and Dodge et al. 2020).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.spec import RunSpec
from workbench.tasks.loading import LoadedTask
from workbench.tasks.task import Encoded
from workbench.training.prepared import Prepared


@dataclass(frozen=True)
class Outcome:
    """The result of one run, in the forms in which it is stored."""

    result: dict[str, Any]
    predictions: dict[str, np.ndarray]
    """By split, for dev and test."""


@dataclass
class Record:
    """What training noted of one run."""

    history: list[dict[str, Any]]
    final_loss: float
    reported_step: int


def outcome(
    spec: RunSpec, prepared: Prepared, record: Record, outputs: dict[str, np.ndarray]
) -> Outcome:
    """Score a trained run.

    Parameters
    ----------
    spec, prepared
        Of the run.
    record
        From its training.
    outputs
        The model's outputs on dev and test.
    """
    task = prepared.task
    predictions = {
        split: predict(task, split, prepared.encoded[split], values)
        for split, values in outputs.items()
    }
    scores = {
        split: task.shape.score(task.splits[split], values) for split, values in predictions.items()
    }
    metric = task.task.metric
    constant_loss = task.shape.best_constant_loss(prepared.encoded["train"])
    trivial = task.shape.best_constant_score(task.splits["test"])
    result = {
        "metric": metric,
        **scores,
        "final_loss": record.final_loss,
        "constant_loss": constant_loss,
        "collapsed": collapsed(record.final_loss, constant_loss, predictions["test"]),
        "trivial": trivial,
        "above_trivial": above_trivial(scores["test"][metric], trivial),
        "reported_step": record.reported_step,
        "reporting": spec.reporting,
        "history": record.history,
        "new_parameters": list(prepared.model.new),
        "notes": list(task.notes),
    }
    return Outcome(result, predictions)


def predict(task: LoadedTask, split: str, encoded: Encoded, outputs: np.ndarray) -> np.ndarray:
    """Turn a split's model outputs into predictions; not-a-number stays what it is."""
    return task.shape.predict(task.splits[split], encoded, outputs)


def collapsed(final_loss: float, constant_loss: float, predictions: np.ndarray) -> bool:
    """Tell whether a run learned nothing: see the module's definition.

    A loss that is not a number is not below anything, so a run that diverged has collapsed.
    """
    constant = len(np.unique(predictions, axis=0)) == 1
    return not final_loss < constant_loss or constant


def above_trivial(score: float | None, trivial: float | None) -> bool:
    """Tell whether a test score exceeds the best constant prediction's.

    A correlation with a constant is undefined; the yardstick is then 0.
    """
    return score is not None and score > (trivial or 0.0)
