"""The settings of a sweep, defined once for notebooks, papermill, widgets and command line."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError, unknown
from workbench.tasks.own.path import absolute

SAVES = ("none", "best", "every")
"""The members of a study whose models are kept."""

_NOTEBOOK_NAMES = {"In", "Out", "exit", "quit", "get_ipython", "open"}
"""What a notebook's namespace holds before any cell ran."""


def _setting(
    default: Any, text: str, unset: str = "", words: Mapping[str, str] | None = None
) -> Any:
    """Declare a setting once: widgets, papermill, `--help` and README are made from this.

    Parameters
    ----------
    default
        Its value when nobody sets it.
    text
        What it is.
    unset
        What 0, or an empty text, stands for.
    words
        The words it takes, each with its meaning; None where any text or number will do.
    """
    return field(default=default, metadata={"help": text, "unset": unset, "words": words or {}})


@dataclass(frozen=True)
class SweepSettings:
    """What a sweep runs. Numbers left at 0 are the task's published ones for the model's size."""

    task: str = _setting(
        "miniature-similarity", "biosses, hoc, ..., or own.yaml; the miniature- ones are generated"
    )
    models: str = _setting(
        "auto", "auto (PubMedBERT where it can be had, else MiniLM), names, hub ids, folders"
    )
    techniques: str = _setting(
        "baseline,freeze,layerwise,reinit", "commas between; + joins two: freeze:6+reinit:2"
    )
    seeds: str = _setting("5", "how many, or a list: 1,2,5")
    learning_rate: float = _setting(0.0, "peak learning rate", "the task's own")
    batch_size: int = _setting(0, "examples in a step", "the task's own")
    epochs: int = _setting(0, "passes over the training data", "the task's own")
    max_steps: int = _setting(0, "the most optimizer steps a baseline run takes", "no limit")
    train_size: int = _setting(
        0, "training examples drawn, or documents where a task has them", "all"
    )
    subset_seed: int = _setting(0, "which ones train_size draws", "the first draw")
    head: str = _setting(
        "native",
        "layers on top",
        words={"native": "the family's own", "linear": "one layer on [CLS]"},
    )
    reporting: str = _setting(
        "last",
        "the epoch whose weights are scored",
        words={"last": "", "best-dev": ""},
    )
    save: str = _setting(
        "none",
        "the trained models to keep",
        words={"none": "", "best": "of each technique, by dev", "every": ""},
    )
    precision: str = _setting(
        "auto",
        "arithmetic",
        words={
            "auto": "the fastest that serves",
            "float32": "",
            "tf32": "",
            "bfloat16": "",
            "float16": "",
        },
    )
    device: str = _setting(
        "auto", "where it trains", words={"auto": "the best here", "cuda": "", "mps": "", "cpu": ""}
    )
    workers: int = _setting(
        0, "processes that train side by side", "as many as this machine carries"
    )
    outputs: str = _setting(
        "", "folder of runs and reports, relative to the project", "the project's outputs/"
    )
    study: str = _setting(
        "", "a name for this sweep, or in sweep.ipynb a declared study", "one made here"
    )

    def __post_init__(self) -> None:
        # A study is read in other folders than the one where its task file's path was typed.
        object.__setattr__(self, "task", absolute(self.task))
        # What can be seen without loading anything is refused at once.
        _ = self.seed_list, self.model_names, self.technique_names
        if self.save not in SAVES:
            raise unknown("value of save", self.save, SAVES)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "SweepSettings":
        """Read settings from what a notebook or a command line gives.

        Parameters
        ----------
        values
            By parameter name: text, numbers or lists.

        Raises
        ------
        WorkbenchError
            For an unknown parameter (with the nearest name) or a value that cannot be read.
        """
        known = {item.name: item for item in fields(cls)}
        for name in values:
            if name not in known:
                raise unknown("parameter", name, known)
        return cls(**{name: _read(known[name], value) for name, value in values.items()})

    @classmethod
    def from_namespace(cls, namespace: Mapping[str, Any]) -> "SweepSettings":
        """Read settings from the variables of a notebook whose first cells only set parameters.

        papermill warns about a parameter that the notebook does not have, and runs on: here it is
        refused, because its variable stands beside the known ones.
        """
        return cls.from_values(
            {
                name: value
                for name, value in namespace.items()
                if not name.startswith("_")
                and name not in _NOTEBOOK_NAMES
                # Anything else was made by a cell that ran before, not by a parameter.
                and isinstance(value, str | int | float | list | tuple | dict | None)
            }
        )

    @property
    def model_names(self) -> list[str]:
        """The models, in the order given."""
        return _list("models", self.models)

    @property
    def technique_names(self) -> list[str]:
        """The techniques, in the order given."""
        return _list("techniques", self.techniques)

    @property
    def seed_list(self) -> list[int]:
        """The seeds: a count n stands for 0 to n - 1.

        Raises
        ------
        WorkbenchError
            When there is none, one is negative or no whole number, or one is given twice.
        """
        text = str(self.seeds).strip()
        try:
            numbers = [int(part) for part in text.strip(",").split(",")]
        except ValueError:
            raise WorkbenchError(
                f"seeds is {text!r}, but it must be a count, such as 5, or a list, such as 1,2,5"
            ) from None
        if "," not in text:
            if numbers[0] < 1:
                raise WorkbenchError(f"seeds is {numbers[0]}, but it must be at least 1")
            return list(range(numbers[0]))
        if min(numbers) < 0 or len(set(numbers)) < len(numbers):
            raise WorkbenchError(f"seeds is {text!r}, but each must be 0 or more and given once")
        return numbers

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain JSON types."""
        return asdict(self)


def project_root() -> Path:
    """Return the folder of the project this package was installed from, else where one is."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


def outputs_folder(settings: SweepSettings) -> Path:
    """Return the folder of runs and reports: what was given, else ``WORKBENCH_OUTPUTS``, else ours.

    The variable is for hosted notebooks, whose own disk is gone when their session ends. A relative
    folder is the project's: a notebook in JupyterLab, papermill and a terminal start elsewhere, and
    find the same runs.
    """
    given = settings.outputs or os.environ.get("WORKBENCH_OUTPUTS", "") or "outputs"
    return project_root() / Path(given).expanduser()


def _list(name: str, text: str) -> list[str]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names:
        raise WorkbenchError(f"{name} is empty: name at least one, or leave it out")
    if len(set(names)) < len(names):
        raise WorkbenchError(f"{name} is {text!r}, which names one twice: name each once")
    return names


def _read(item: Any, value: Any) -> Any:
    if item.type is str:
        return _text(value)
    try:
        number = float(value)
        whole = number == int(number)
    except (TypeError, ValueError, OverflowError):
        number, whole = float("nan"), False
    if not isfinite(number) or isinstance(value, bool) or number < 0:
        raise WorkbenchError(f"{item.name} is {value!r}, but it must be a number of at least 0")
    if item.type is int and not whole:
        raise WorkbenchError(f"{item.name} is {value!r}, but it must be a whole number")
    return item.type(number)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        joined = ",".join(str(part) for part in value)
        # One seed in a list is that seed, not a count.
        return f"{joined}," if len(value) == 1 and isinstance(value[0], int) else joined
    return "" if value is None else str(value)
