"""What a benchmark is asked for, read from what was typed."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from workbench.benchmark.comparison import TECHNIQUES
from workbench.benchmark.machine import native_precisions
from workbench.benchmark.precision import FULL, PAIRS
from workbench.benchmark.scaling import COHORTS, EXAMPLES
from workbench.benchmark.workload import TASKS
from workbench.errors import WorkbenchError, unknown
from workbench.models.catalogue import BUNDLED
from workbench.training.device import AUTO, find_device

RANDOM_BASE = "random-base"
"""The model of BERT-base's shape whose weights are random: speed does not depend on them."""

PRECISIONS = ("float32", "bfloat16", "float16")
"""What can be measured; the default is all that are native."""

COMPARE, PRECISION, SCALING = PARTS = ("compare", "precision", "scaling")
SEEDS = (1, 5, 10, 20)
_ROUNDS = {"cpu": 3, "cuda": 5}
COMPILED = {AUTO: None, "yes": True, "no": False}
"""Whether torch compiles the engine's network; None leaves it to the engine."""


@dataclass(frozen=True)
class Settings:
    """What is measured, everything resolved.

    Attributes
    ----------
    model
        `RANDOM_BASE`, or a name that `find_checkpoint` knows.
    tasks, techniques, precisions, seeds
        Each combination of the first three is compared, with these numbers of seeds.
    device
        Where.
    rounds
        Of each comparison.
    parts
        Of `PARTS`.
    compiled
        Whether torch compiles the engine's network; None leaves it to the engine.
    minutes
        After which nothing more is begun; 0 is no limit.
    cohorts, examples
        Sizes that the scaling part measures.
    pairs, max_steps
        Runs in each precision that are paired by seed, and their steps (0: in full).
    """

    model: str
    tasks: tuple[str, ...]
    techniques: tuple[str, ...]
    precisions: tuple[str, ...]
    seeds: tuple[int, ...]
    device: torch.device
    rounds: int
    parts: tuple[str, ...]
    compiled: bool | None = None
    minutes: float = 0.0
    cohorts: tuple[int, ...] = COHORTS
    examples: tuple[int, ...] = EXAMPLES
    pairs: int = PAIRS
    max_steps: int = 0


def read_settings(
    model: str = AUTO,
    tasks: str = "",
    seeds: str = "",
    precision: str = AUTO,
    device: str = AUTO,
    rounds: int = 0,
    only: str = "",
    techniques: str = "",
    compiled: str = AUTO,
    minutes: float = 0.0,
    pairs: int = PAIRS,
) -> Settings:
    """Read what was typed; what is empty, ``auto`` or 0 is chosen for the machine.

    Raises
    ------
    WorkbenchError
        For anything that does not exist or cannot be measured here.
    """
    if device == AUTO and not torch.cuda.is_available():
        device = "cpu"  # transformers' own loop is set up for CUDA and the processor only.
    place = find_device(device)
    if place.type not in _ROUNDS:
        raise WorkbenchError(f"the benchmark does not run on {place.type}: choose cuda or cpu")
    if rounds < 0:
        raise WorkbenchError(f"rounds is {rounds}, but it must be at least 1, or 0 for the default")
    if not minutes >= 0:
        raise WorkbenchError(f"minutes is {minutes}, but it must be above 0, or 0 for no limit")
    if pairs < 2:
        raise WorkbenchError(f"pairs is {pairs}, but a difference has an interval from 2 pairs on")
    if compiled not in COMPILED:
        raise unknown("value of compiled", compiled, COMPILED)
    precisions = _precisions(precision, place)
    return Settings(
        model=(RANDOM_BASE if place.type == "cuda" else BUNDLED) if model == AUTO else model,
        tasks=_chosen("task of the benchmark", tasks, TASKS) or TASKS,
        techniques=_chosen("technique of the benchmark", techniques, TECHNIQUES) or TECHNIQUES,
        precisions=precisions,
        seeds=_numbers(seeds) or SEEDS,
        device=place,
        rounds=rounds or _ROUNDS[place.type],
        parts=_parts(only, precisions),
        compiled=COMPILED[compiled],
        minutes=minutes,
        pairs=pairs,
    )


def _parts(only: str, precisions: Sequence[str]) -> tuple[str, ...]:
    """Return the parts asked for; one precision alone is compared with none."""
    chosen = _chosen("part of the benchmark", only, PARTS)
    several = len({FULL, *precisions}) > 1
    if PRECISION in chosen and not several:
        raise WorkbenchError(
            "the part precision compares others with float32, and no other is native or named "
            "here: name one, such as precision=bfloat16"
        )
    return chosen or tuple(part for part in PARTS if several or part != PRECISION)


def _chosen(kind: str, text: str, valid: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in valid:
            raise unknown(kind, name, valid)
    return names


def _precisions(text: str, device: torch.device) -> tuple[str, ...]:
    native = tuple(native_precisions(device, PRECISIONS))
    if text == AUTO:
        return native
    chosen = _chosen("precision", text, PRECISIONS) or native
    if "float16" in chosen and device.type != "cuda":
        raise WorkbenchError("float16 is measured on CUDA only: choose float32 or bfloat16")
    return chosen


def _numbers(text: str) -> tuple[int, ...]:
    try:
        found = sorted({int(part) for part in text.split(",") if part.strip()})
    except ValueError:
        found = [0]
    if found and found[0] < 1:
        raise WorkbenchError(
            f"seeds is {text!r}, but it must be numbers of at least 1 with commas between, such as "
            "1,5,10"
        )
    return tuple(found)
