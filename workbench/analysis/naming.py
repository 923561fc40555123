"""Settings in words: those that are not the default, and those that tell runs apart."""

from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from typing import Any

import pandas as pd

from workbench.spec import RunSpec

DEFAULTS = {item.name: item.default for item in fields(RunSpec) if item.default is not MISSING}
"""What a run has where nobody chose; the rest of its settings has no default."""

STAGE = "stage"
"""What a run was trained for: ``tuning`` where settings were chosen by it, else empty. It is told
like a setting, because who chose by runs must not report them among others."""

_DEFAULTS = DEFAULTS | {STAGE: ""}

_SHORT = {"data": 8, "weights": 14}
"""How much of a hash is shown."""


def settings_in_words(settings: Mapping[str, Any], differing: Collection[str] = ()) -> str:
    """Name settings that are not the default, and those that differ from other runs.

    Parameters
    ----------
    settings
        Values by name; missing ones (None, NaN, empty texts) are left out.
    differing
        Names to be told whatever their value.

    Examples
    --------
    >>> settings_in_words({"train_size": 64, "head": "native", "epochs": 20}, {"epochs"})
    'train_size 64, epochs 20'
    """
    return ", ".join(
        f"{name} {_shown(name, value)}"
        for name, value in settings.items()
        if not _missing(value) and (name in differing or value != _DEFAULTS.get(name, value))
    )


def _missing(value: Any) -> bool:
    return pd.isna(value) or value == ""


def _shown(name: str, value: Any) -> str:
    """Write a value; a column with gaps has turned whole numbers into others."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)[: _SHORT.get(name)]
