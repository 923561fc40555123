"""Tables of runs for analysis and live views; they only read."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import pandas as pd

from workbench.errors import WorkbenchError
from workbench.spec import NUMERICS_VERSION, SCHEMA_VERSION, Settings
from workbench.store.events import read_events
from workbench.store.folder import RunStore
from workbench.store.index import Digest, digests
from workbench.techniques import from_settings

_FIRST = ("run", "task", "model", "technique", "seed")
_OUTCOME = ("metric", "dev", "test", "collapsed", "above_trivial", "final_loss")
_LOSSES = ("run", "technique", "seed", "step", "loss", "gradient_norm")
_HISTORY = ("run", "technique", "seed", "epoch", "step", "dev")
_NOT_COLUMNS = ("schema", "numerics", "task", "model", "techniques", "weights_seed")


def label(spec_json: dict[str, Any]) -> str:
    """Return the short name of a specification's techniques.

    Examples
    --------
    >>> label({"techniques": {"freeze": {"layers": 6}, "reinit": {"layers": 2}}})
    'freeze:6+reinit:2'
    >>> label({"techniques": {}})
    'baseline'
    """
    return _label(
        tuple(
            (name, tuple(sorted(values.items())))
            for name, values in sorted(spec_json["techniques"].items())
        )
    )


@lru_cache(maxsize=1024)
def _label(settings: tuple[tuple[str, Settings], ...]) -> str:
    try:
        return from_settings(settings).label
    except WorkbenchError:
        # Of a package that is not installed here: its runs are still runs.
        return "+".join(
            ":".join([name, *(str(value) for _, value in values)]) for name, values in settings
        )


def runs_table(store: RunStore, run_ids: Iterable[str] | None = None) -> pd.DataFrame:
    """Return one row for every finished run.

    Parameters
    ----------
    store
        The runs.
    run_ids
        The runs to show, in this order; None shows all.

    Returns
    -------
    DataFrame
        ``run task model technique seed`` (the seed of the new weights), the other settings of the
        specification by their names, ``metric`` (the primary metric's name) and its values ``dev``
        and ``test``, ``collapsed above_trivial final_loss``, and every scalar of the result's
        ``dev`` and ``test`` as ``dev_<metric>`` and ``test_<metric>``. Runs that are unfinished,
        damaged, or of another schema or numerics version (not comparable) have no row. An
        undefined metric is a missing value.
    """
    return table_of(digests(store, run_ids))


def table_of(found: Mapping[str, Digest]) -> pd.DataFrame:
    """Return the table that `runs_table` makes of runs by identity, in their order."""
    rows = [_row(run, digest) for run, digest in found.items() if comparable(digest.spec)]
    if not rows:
        return pd.DataFrame(columns=[*_FIRST, *_OUTCOME])
    table = pd.DataFrame(rows)
    numbers = [name for name in table if name.startswith(("dev_", "test_"))]
    return table.astype({name: float for name in ["dev", "test", "final_loss", *numbers]})


def losses_table(store: RunStore, run_ids: Iterable[str] | None = None) -> pd.DataFrame:
    """Return one row for every recorded step, also of unfinished runs.

    Returns
    -------
    DataFrame
        ``run technique seed step loss gradient_norm``, from events such as ``{"kind": "step",
        "step": 1, "loss": 0.7, "gradient_norm": 1.2}``.
    """
    return _events_table(store, run_ids, "step", _LOSSES)


def history_table(store: RunStore, run_ids: Iterable[str] | None = None) -> pd.DataFrame:
    """Return one row for every evaluation on dev, also of unfinished runs.

    Returns
    -------
    DataFrame
        ``run technique seed epoch step dev``, from events such as ``{"kind": "epoch", "epoch": 1,
        "step": 4, "dev": 0.4}``.
    """
    return _events_table(store, run_ids, "epoch", _HISTORY)


def _chosen(store: RunStore, run_ids: Iterable[str] | None) -> Iterable[str]:
    return store.run_ids() if run_ids is None else run_ids


def _row(run_id: str, digest: Digest) -> dict[str, Any]:
    spec, result = digest.spec, digest.result
    settings = {key: value for key, value in spec.items() if key not in _NOT_COLUMNS}
    return _names(run_id, spec) | settings | _outcome(result) | _scores(result)


def comparable(spec: dict[str, Any]) -> bool:
    """Tell whether a specification is of the versions whose results this engine makes."""
    return (spec["schema"], spec["numerics"]) == (SCHEMA_VERSION, NUMERICS_VERSION)


def _names(run_id: str, spec: dict[str, Any]) -> dict[str, Any]:
    values = (run_id, spec["task"], spec["model"], label(spec), spec["weights_seed"])
    return dict(zip(_FIRST, values, strict=True))


def _outcome(result: dict[str, Any]) -> dict[str, Any]:
    metric = result.get("metric")
    primary = {split: (result.get(split) or {}).get(metric) for split in ("dev", "test")}
    return {name: result.get(name) for name in _OUTCOME} | primary


def _scores(result: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{split}_{name}": value
        for split in ("dev", "test")
        for name, value in (result.get(split) or {}).items()
        if value is None or isinstance(value, int | float)
    }


def _events_table(
    store: RunStore, run_ids: Iterable[str] | None, kind: str, columns: tuple[str, ...]
) -> pd.DataFrame:
    rows = [row for run_id in _chosen(store, run_ids) for row in _event_rows(store, run_id, kind)]
    table = pd.DataFrame(rows, columns=list(columns))
    return table.astype({name: float for name in ("loss", "gradient_norm", "dev") if name in table})


def _event_rows(store: RunStore, run_id: str, kind: str) -> Iterator[dict[str, Any]]:
    spec = store.spec_json(run_id)
    names = _names(run_id, spec) if spec else {"run": run_id}
    events, _ = read_events(store.events_path(run_id))
    return (event | names for event in events if event.get("kind") == kind)
