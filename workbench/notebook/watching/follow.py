"""Follows the runs of a study: their events as arrays, read as they are written.

What was read is never changed, only replaced as a whole: another thread that holds it, such as one
that answers a page, sees losses and steps of one length.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from workbench.spec import RunSpec
from workbench.store.events import read_events
from workbench.store.folder import RunStore
from workbench.store.study import Study
from workbench.store.table import label
from workbench.training.inputs import preparation_key

WAITING, TRAINING, FINISHED = "waiting", "training", "finished"
JUDGED_FROM = 0.5
"""The share of its steps after which an unfinished run is told to have collapsed: early losses of
sound runs lie above the constant predictor's too."""


def _none() -> np.ndarray:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class Followed:
    """One run as far as it is known.

    Attributes
    ----------
    label
        Its techniques, such as ``"freeze:6"``.
    model
        Its checkpoint.
    seed
        What it is called by its seeds.
    total
        The steps it is planned to train.
    state
        ``"waiting"`` (no event yet), ``"training"`` or ``"finished"``; one that was stopped is
        still training.
    steps, losses, norms
        ``float64 [logged steps]``: the step from 1, the training loss and the gradient's norm
        before clipping; NaN where one was not finite.
    epochs, ends, dev
        ``float64 [scored epochs]``: the epoch from 1, its last step, and the dev score, raw scale;
        NaN where it is undefined.
    restarts
        How often the arrays were read anew, because training went back to a checkpoint.
    collapsed
        What the result says; None until there is one.
    constant_loss
        The best constant predictor's loss; None until the run, or its result, has told it.
    """

    label: str
    model: str
    seed: str
    total: int = 0
    state: str = WAITING
    steps: np.ndarray = field(default_factory=_none)
    losses: np.ndarray = field(default_factory=_none)
    norms: np.ndarray = field(default_factory=_none)
    epochs: np.ndarray = field(default_factory=_none)
    ends: np.ndarray = field(default_factory=_none)
    dev: np.ndarray = field(default_factory=_none)
    restarts: int = 0
    collapsed: bool | None = None
    constant_loss: float | None = None

    @property
    def recent_loss(self) -> float | None:
        """Mean loss of the latest steps, as many as an epoch has.

        At the last step this is the final loss by which a run counts as collapsed. None before the
        first epoch has ended.
        """
        if not len(self.ends):
            return None
        return float(np.mean(self.losses[-int(self.ends[0]) :]))

    def extended(self, events: Iterable[dict[str, Any]]) -> "Followed":
        """Return the run with further events."""
        steps = [event for event in events if event.get("kind") == "step"]
        epochs = [event for event in events if event.get("kind") == "epoch"]
        told = [event.get("constant_loss") for event in events if event.get("kind") == "start"]
        return replace(
            self,
            state=TRAINING if self.state == WAITING else self.state,
            steps=_longer(self.steps, steps, "step"),
            losses=_longer(self.losses, steps, "loss"),
            norms=_longer(self.norms, steps, "gradient_norm"),
            epochs=_longer(self.epochs, epochs, "epoch"),
            ends=_longer(self.ends, epochs, "step"),
            dev=_longer(self.dev, epochs, "dev"),
            constant_loss=told[0] if told else self.constant_loss,
        )

    def emptied(self) -> "Followed":
        """Return the run before its first event, to be read anew."""
        return replace(
            Followed(self.label, self.model, self.seed, self.total), restarts=self.restarts + 1
        )


def _longer(array: np.ndarray, events: list[dict[str, Any]], key: str) -> np.ndarray:
    """Append one number of each event; NaN where it is null or missing."""
    return np.append(array, np.array([event.get(key) for event in events], dtype=float))


class Follower:
    """Follows a study, running or finished, from its run folders alone.

    Parameters
    ----------
    store, study
        What to follow.

    Attributes
    ----------
    runs
        `Followed` by the run's identity, in the order of the study.
    """

    def __init__(self, store: RunStore, study: Study):
        self.store, self.study = store, study
        self.runs = {spec.id: _unread(spec, study.steps[spec.id]) for spec in study.by_id.values()}
        self._offsets = dict.fromkeys(self.runs, 0)

    def update(self) -> bool:
        """Read what was written since the last update; tell whether anything was.

        A finished run is read to its end and then never again.
        """
        before = dict(self.runs)
        for run, followed in before.items():
            if followed.state != FINISHED:
                self._update(run)
        return any(self.runs[run] is not followed for run, followed in before.items())

    @property
    def finished(self) -> bool:
        """Whether every run is."""
        return all(followed.state == FINISHED for followed in self.runs.values())

    @property
    def collapsed(self) -> list[str]:
        """The identities of the runs that have collapsed, in the order of the study.

        A finished run: what its result says. An unfinished one: while its latest loss is not a
        number; and, past half its steps, while the mean of its latest epoch's losses is not below
        the best constant predictor's. A run tells that loss before its first step; for one
        that began under an earlier version, another on the same training examples may.
        """
        constants = self._constant_losses()
        return [
            run
            for run, followed in self.runs.items()
            if _collapsed(followed, constants.get(preparation_key(self.study.by_id[run])))
        ]

    def _update(self, run: str) -> None:
        # The events are complete once there is a result: asked in this order, none is missed.
        result = self.store.result(run)
        followed = self._read(run)
        if result is not None:
            followed = replace(
                followed,
                state=FINISHED,
                collapsed=result.get("collapsed"),
                constant_loss=result.get("constant_loss", followed.constant_loss),
            )
        self.runs[run] = followed

    def _read(self, run: str) -> Followed:
        path, followed = self.store.events_path(run), self.runs[run]
        events, offset = read_events(path, self._offsets[run])
        if offset < self._offsets[run] or not _continues(followed, events):
            followed = followed.emptied()
            events, offset = read_events(path)
        self._offsets[run] = offset
        return followed.extended(events) if events else followed

    def _constant_losses(self) -> dict[tuple[object, ...], float]:
        return {
            preparation_key(self.study.by_id[run]): followed.constant_loss
            for run, followed in self.runs.items()
            if followed.constant_loss is not None
        }


def _unread(spec: RunSpec, steps: int) -> Followed:
    return Followed(label(spec.to_json()), spec.model, spec.seed_name, steps)


def _continues(followed: Followed, events: list[dict[str, Any]]) -> bool:
    """Tell whether events follow what was read.

    A file that was cut off and has grown past its old length since the last look shows only by
    its step numbers.
    """
    first = next((event.get("step") for event in events if event.get("kind") == "step"), None)
    return first is None or not len(followed.steps) or first == followed.steps[-1] + 1


def _collapsed(followed: Followed, constant_loss: float | None) -> bool:
    if followed.collapsed is not None:
        return followed.collapsed
    if np.isnan(followed.losses[-1:]).any():
        return True
    recent, reached = followed.recent_loss, len(followed.steps)
    if recent is None or constant_loss is None or reached < JUDGED_FROM * followed.total:
        return False
    return not recent < constant_loss
