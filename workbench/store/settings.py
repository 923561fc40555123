"""The settings of a sweep, defined once for notebooks, papermill, widgets and command line."""

import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workbench.errors import WorkbenchError, unknown
from workbench.store.declared import Declared, names, setting
from workbench.tasks.own.path import absolute

SAVES = ("none", "best", "every")
"""The members of a study whose models are kept."""

TOGETHER, CROSSED = "together", "crossed"
KINDS = ("weights", "order", "dropout")
"""What a seed may set."""

_MOST_COUNTED = 100
"""A larger count of seeds is taken for one seed that somebody named."""

_FEWEST_CROSSED = 3  # With 2, three kinds of seeds take all degrees of freedom of 4 runs.


@dataclass(frozen=True)
class SweepSettings(Declared):
    """What a sweep runs. Numbers left at 0 are the task's published ones for the model's size."""

    task: str = setting(
        "miniature-similarity", "biosses, hoc, ..., or own.yaml; the miniature- ones are generated"
    )
    models: str = setting(
        "auto", "auto (PubMedBERT where it can be had, else MiniLM), names, hub ids, folders"
    )
    techniques: str = setting(
        "baseline,freeze,layerwise,reinit", "commas between; + joins two: freeze:6+reinit:2"
    )
    seeds: str = setting("5", "how many, or a list: 1,2,5")
    vary: str = setting(
        TOGETHER,
        "what seeds set",
        words={TOGETHER: "all", CROSSED: "n x n runs", "weights": "", "order": "", "dropout": ""},
    )
    learning_rate: float = setting(0.0, "peak learning rate", "the task's own")
    batch_size: int = setting(0, "examples in a step", "the task's own")
    epochs: int = setting(0, "passes over the training data", "the task's own")
    max_steps: int = setting(0, "the most optimizer steps a baseline run takes", "no limit")
    train_size: int = setting(
        0, "training examples drawn, or documents where a task has them", "all"
    )
    subset_seed: int = setting(0, "which ones train_size draws", "the first draw")
    head: str = setting(
        "native",
        "layers on top",
        words={"native": "the family's own", "linear": "one layer on [CLS]"},
    )
    reporting: str = setting(
        "last",
        "the epoch whose weights are scored",
        words={"last": "", "best-dev": ""},
    )
    save: str = setting(
        "none",
        "the trained models to keep",
        words={"none": "", "best": "of each technique, by dev", "every": ""},
    )
    precision: str = setting(
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
    device: str = setting(
        "auto", "where it trains", words={"auto": "the best here", "cuda": "", "mps": "", "cpu": ""}
    )
    workers: int = setting(
        0, "processes that train side by side", "as many as this machine carries"
    )
    outputs: str = setting(
        "", "folder of runs and reports, relative to the project", "the project's outputs/"
    )
    study: str = setting(
        "", "a name for this sweep, or in sweep.ipynb a declared study", "one made here"
    )

    def __post_init__(self) -> None:
        # A study is read in other folders than the one where its task file's path was typed.
        object.__setattr__(self, "task", absolute(self.task))
        # What can be seen without loading anything is refused at once.
        _ = self.seed_list, self.model_names, self.technique_names
        if self.save not in SAVES:
            raise unknown("value of save", self.save, SAVES)
        _ = self.seed_triples

    @property
    def model_names(self) -> list[str]:
        """The models, in the order given."""
        return names("models", self.models)

    @property
    def technique_names(self) -> list[str]:
        """The techniques, in the order given."""
        return names("techniques", self.techniques)

    @property
    def seed_list(self) -> list[int]:
        """The seeds: a count n stands for 0 to n - 1.

        Raises
        ------
        WorkbenchError
            When there is none, one is negative or no whole number, one is given twice, or a count
            is so large that one seed must be meant.
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
            if numbers[0] > _MOST_COUNTED:
                raise WorkbenchError(
                    f"seeds is {text}, which would be so many runs of every technique: write "
                    f"'{text},' for that one seed, or list the seeds to train more than "
                    f"{_MOST_COUNTED}"
                )
            return list(range(numbers[0]))
        if min(numbers) < 0 or len(set(numbers)) < len(numbers):
            raise WorkbenchError(f"seeds is {text!r}, but each must be 0 or more and given once")
        return numbers

    @property
    def seed_triples(self) -> list[tuple[int, int, int]]:
        """The seeds of new weights, data order and dropout of each run of a technique.

        Crossed, they are a Latin square: every seed of one kind meets every one of another once,
        which tells the kinds apart with the fewest runs. Where one kind varies alone, the others
        stay at the first seed.

        Raises
        ------
        WorkbenchError
            When ``vary`` is no known word, or crosses fewer than 3 seeds.
        """
        seeds = self.seed_list
        if self.vary == CROSSED:
            return _latin_square(seeds)
        if self.vary not in (TOGETHER, *KINDS):
            raise unknown("value of vary", self.vary, (TOGETHER, CROSSED, *KINDS))
        weights, order, dropout = (
            [seed if self.vary in (TOGETHER, kind) else seeds[0] for seed in seeds]
            for kind in KINDS
        )
        return list(zip(weights, order, dropout, strict=True))


def _latin_square(seeds: list[int]) -> list[tuple[int, int, int]]:
    count = len(seeds)
    if count < _FEWEST_CROSSED:
        raise WorkbenchError(
            f"vary is {CROSSED}, but {count} seeds cannot tell weights, order and dropout apart: "
            f"choose at least {_FEWEST_CROSSED} seeds"
        )
    square = itertools.product(range(count), repeat=2)
    return [(seeds[i], seeds[j], seeds[(i + j) % count]) for i, j in square]


def project_root() -> Path:
    """Return the folder of the project this package was installed from, else where one is."""
    root = Path(__file__).resolve().parents[2]
    return root if (root / "pyproject.toml").is_file() else Path.cwd()


class _WithOutputs(Protocol):
    @property
    def outputs(self) -> str: ...


def outputs_folder(settings: _WithOutputs) -> Path:
    """Return the folder of runs and reports: what was given, else ``WORKBENCH_OUTPUTS``, else ours.

    The variable is for hosted notebooks, whose own disk is gone when their session ends. A relative
    folder is the project's: a notebook in JupyterLab, papermill and a terminal start elsewhere, and
    find the same runs.
    """
    given = settings.outputs or os.environ.get("WORKBENCH_OUTPUTS", "") or "outputs"
    return project_root() / Path(given).expanduser()
