"""The command that trains the runs of a group."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from workbench.analysis.naming import DEFAULTS
from workbench.comparison.members import Triple

_TOLD = ("learning_rate", "batch_size", "epochs", "precision")
"""Parameters of a sweep that a task or machine has its own values of: they are always told."""

_OPTIONAL = ("max_steps", "train_size", "subset_seed", "head", "reporting")

_FIXED = ("warmup", "weight_decay", "beta1", "beta2", "epsilon", "clip_norm")
"""What no parameter of a sweep changes."""


def sweep_command(settings: Mapping[str, Any], seeds: Sequence[Triple]) -> str:
    """Return the line that trains runs with the same settings again.

    Parameters
    ----------
    settings
        Of their group: ``task model technique`` and the settings of `workbench.spec.RunSpec`.
    seeds
        Of each run.

    Returns
    -------
    str
        Quoted for a POSIX shell, to be typed in the project's folder; empty where no sweep trains
        these runs, because the three seeds of one are not the same, or a setting is missing or one
        that sweeps do not change.
    """
    one = all(len(set(triple)) == 1 for triple in seeds)
    fixed = all(settings.get(name) == DEFAULTS[name] for name in _FIXED)
    known = all(not pd.isna(settings.get(name)) for name in (*_TOLD, *_OPTIONAL))
    if not (seeds and one and fixed and known):
        return ""
    values = {
        "task": settings["task"],
        "models": settings["model"],
        "techniques": settings["technique"],
        "seeds": _seeds(sorted(int(str(first)) for first, *_ in seeds)),
        **{name: settings[name] for name in _TOLD},
        **{name: settings[name] for name in _OPTIONAL if settings[name] != DEFAULTS[name]},
    }
    words = ["python", "-m", "workbench", "sweep"]
    for name, value in values.items():
        words += ["-p", name, _written(value)]
    return shlex.join(words)


def _seeds(seeds: list[int]) -> str:
    if seeds == list(range(len(seeds))):
        return str(len(seeds))
    # With a comma, so that a lone seed is no count.
    return ",".join(map(str, seeds)) + ("," if len(seeds) == 1 else "")


def _written(value: Any) -> str:
    """Write a value in full; a column with gaps has turned whole numbers into others."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)
