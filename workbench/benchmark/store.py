"""How long a store of many runs takes to read, on synthetic runs that are written for it."""

import os
import time
from collections.abc import Iterator
from itertools import count, islice, product
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np

from workbench.spec import RunSpec
from workbench.store.folder import RunStore
from workbench.store.index import SETTLED
from workbench.store.table import runs_table

TASKS = {
    "biosses": "pearson",
    "gad": "micro_f1",
    "hoc": "micro_f1",
    "pubmedqa": "accuracy",
    "ncbi-disease": "entity_f1",
}
TECHNIQUES = (
    (),
    (("freeze", (("layers", 6),)),),
    (("layerwise", (("convention", "zhang"), ("decay", 0.9))),),
    (("longer", (("factor", 2.0),)),),
    (("reinit", (("layers", 2),)),),
)
SEEDS, EPOCHS, ITEMS = 10, 20, 100
"""Seeds of a group, evaluations on dev of each run, and its predictions."""


def report(runs: int) -> str:
    """Write synthetic runs into a temporary store, and say how long their table takes.

    The first time there is no index of the store yet; the second time there is.
    """
    with TemporaryDirectory() as folder:
        store = RunStore(folder)
        fill(store, runs)
        # What has just been written may change again within the same tick of the clock.
        time.sleep(SETTLED)
        without, with_index = _seconds(store), _seconds(store)
    return (
        f"The table of {runs} finished runs took {without:.1f} seconds without an index of the "
        f"store, and {with_index:.1f} with the one that this left."
    )


def _seconds(store: RunStore) -> float:
    started = time.perf_counter()
    runs_table(store)
    return time.perf_counter() - started


def fill(store: RunStore, runs: int) -> None:
    """Finish synthetic runs: tasks and techniques as above, models and rates as many as it takes.

    Parameters
    ----------
    store
        Where; runs that are there already are left as they are.
    runs
        How many.
    """
    # They need not survive a power cut, and waiting for the disk would take most of the time.
    with patch.object(os, "fsync", lambda descriptor: None):
        for number, (spec, metric) in enumerate(islice(_specs(), runs)):
            generator = np.random.default_rng(number)
            predictions = generator.integers(2, size=ITEMS, dtype=np.int8)
            arrays = {"dev": predictions, "test": predictions}
            timings = {"finished": "2026-01-01T00:00:00Z", "seconds": 60.0, "host": "none"}
            store.finish(spec, _result(generator, metric), arrays, timings)


def _specs() -> Iterator[tuple[RunSpec, str]]:
    # A product of something endless would never begin.
    endless = ((model, *rest) for model in count() for rest in _of_a_model())
    for model, (task, metric), techniques, seed in endless:
        spec = RunSpec(
            task=task,
            data=f"{len(task):064x}",
            model=f"model-{model}",
            weights=f"sha256:{model:064x}",
            techniques=techniques,
            learning_rate=2e-5,
            batch_size=16,
            epochs=EPOCHS,
            max_length=512,
            weights_seed=seed,
            order_seed=seed,
            dropout_seed=seed,
        )
        yield spec, metric


def _of_a_model() -> Iterator[tuple]:
    return product(TASKS.items(), TECHNIQUES, range(SEEDS))


def _result(generator: np.random.Generator, metric: str) -> dict[str, Any]:
    """Return a result as a run leaves it, with its history."""
    names = dict.fromkeys([metric, "precision", "recall"])
    history = [
        {"dev": score, "epoch": epoch, "step": 80 * epoch}
        for epoch, score in enumerate(generator.uniform(0.6, 0.9, EPOCHS), 1)
    ]
    return {
        "metric": metric,
        "dev": {name: generator.uniform(0.6, 0.9) for name in names},
        "test": {name: generator.uniform(0.6, 0.9) for name in names},
        "trivial": 0.5,
        "constant_loss": 0.69,
        "final_loss": generator.uniform(0.1, 0.3),
        "collapsed": bool(generator.random() < 0.05),
        "above_trivial": True,
        "history": history,
    }
