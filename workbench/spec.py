"""What a run is: every setting that can move its result, and the identity made from them.

A run is a pure function of its `RunSpec`. The hash of the specification's canonical JSON is the
run's identity and the name of its folder, so a finished run is never computed again and a run on
edited data is another run.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from workbench.errors import WorkbenchError, unknown

SCHEMA_VERSION = 1
"""Raised when the meaning or the set of the fields changes."""

NUMERICS_VERSION = 4
"""Raised when the engine's arithmetic changes, so that old results are not mixed with new ones.

Version 4 draws a `train_size` in the proportions of the classes; runs on all of the data have the
results of version 3.
"""

ID_LENGTH = 16
"""Hexadecimal digits of a run's identity."""

HEADS = ("native", "linear")
PRECISIONS = ("float32", "tf32", "bfloat16", "float16")
REPORTING_POINTS = ("last", "best-dev")

Settings = tuple[tuple[str, int | float | str], ...]
"""The settings of one technique: pairs of name and value, sorted by name."""


def _positive(value: float) -> bool:
    return value > 0


def _at_least_zero(value: float) -> bool:
    return value >= 0


def _fraction(value: float) -> bool:
    return 0 <= value < 1


def _setting(accepts=None, rule: str = "", choices: tuple[str, ...] = (), **extra) -> Any:
    return field(metadata={"accepts": accepts, "rule": rule, "choices": choices}, **extra)


@dataclass(frozen=True)
class RunSpec:
    """Everything that determines the result of one run, with no default left open.

    Raises
    ------
    WorkbenchError
        When a value lies outside its range, with the range in the sentence.
    """

    task: str
    """The task's canonical name, with its options; of a user's task the path of its file."""
    data: str
    """SHA-256 of the task's data: of its files, or of its records."""
    model: str
    """Short name, hub id or folder."""
    weights: str
    """The hub revision or the SHA-256 of the weights."""
    learning_rate: float = _setting(_positive, "above 0")
    batch_size: int = _setting(_positive, "at least 1")
    """Examples in a step."""
    epochs: int = _setting(_positive, "at least 1")
    max_length: int = _setting(lambda value: value >= 4, "at least 4 word pieces")
    weights_seed: int = _setting(_at_least_zero, "at least 0")
    order_seed: int = _setting(_at_least_zero, "at least 0")
    dropout_seed: int = _setting(_at_least_zero, "at least 0")
    techniques: tuple[tuple[str, Settings], ...] = ()
    """Name and settings of each technique, sorted by name, neutral ones dropped."""
    head: str = _setting(choices=HEADS, default="native")
    max_steps: int = _setting(_at_least_zero, "at least 0 (0 is no limit)", default=0)
    train_size: int = _setting(_at_least_zero, "at least 0 (0 is all)", default=0)
    """Training units drawn (documents where a task has them, else examples)."""
    subset_seed: int = _setting(_at_least_zero, "at least 0", default=0)
    warmup: float = _setting(_fraction, "at least 0 and below 1", default=0.1)
    """The share of all steps over which the learning rate rises from zero."""
    weight_decay: float = _setting(_at_least_zero, "at least 0", default=0.0)
    beta1: float = _setting(_fraction, "at least 0 and below 1", default=0.9)
    beta2: float = _setting(_fraction, "at least 0 and below 1", default=0.999)
    epsilon: float = _setting(_positive, "above 0", default=1e-8)
    clip_norm: float = _setting(_at_least_zero, "at least 0 (0 does not clip)", default=1.0)
    dropout: float = _setting(_fraction, "at least 0 and below 1", default=0.1)
    precision: str = _setting(choices=PRECISIONS, default="float32")
    reporting: str = _setting(choices=REPORTING_POINTS, default="last")
    """The epoch whose weights are reported: the last one, or the best on dev."""

    @property
    def seed_name(self) -> str:
        """What a run is called by its seeds: the one that all are, else weights/order/dropout."""
        seeds = (self.weights_seed, self.order_seed, self.dropout_seed)
        return str(seeds[0]) if len(set(seeds)) == 1 else "/".join(map(str, seeds))

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            accepts, choices = item.metadata.get("accepts"), item.metadata.get("choices")
            if choices and value not in choices:
                raise unknown(item.name, str(value), choices)
            if accepts is not None and not (_is_number(value, item.type) and accepts(value)):
                kind = "a whole number, " if item.type is int else ""
                raise WorkbenchError(
                    f"{item.name} is {value!r}, but it must be {kind}{item.metadata['rule']}"
                )
            if item.type is float:
                # 1, 1.0 and numpy's 1.0 are one run; adding zero turns -0.0 into 0.0.
                object.__setattr__(self, item.name, float(value) + 0.0)

    def to_json(self) -> dict[str, Any]:
        """Return the specification as plain JSON types, versions included."""
        techniques = {name: dict(settings) for name, settings in self.techniques}
        versions = {"schema": SCHEMA_VERSION, "numerics": NUMERICS_VERSION}
        return versions | asdict(self) | {"techniques": techniques}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "RunSpec":
        """Rebuild a specification from `to_json`.

        Raises
        ------
        WorkbenchError
            When it was written by a version whose results are not comparable.
        """
        versions = (content.get("schema"), content.get("numerics"))
        if versions != (SCHEMA_VERSION, NUMERICS_VERSION):
            raise WorkbenchError(
                f"this run was specified under schema and numerics {versions}, not "
                f"{(SCHEMA_VERSION, NUMERICS_VERSION)}: start its study again"
            )
        values = {key: content[key] for key in content.keys() - {"schema", "numerics"}}
        techniques = tuple(
            (name, tuple(sorted(settings.items())))
            for name, settings in sorted(content["techniques"].items())
        )
        return cls(**values | {"techniques": techniques})

    @property
    def id(self) -> str:
        """The identity of the run: see `identity`."""
        return identity(self.to_json())


def identity(content: dict[str, Any]) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a specification's canonical JSON.

    Parameters
    ----------
    content
        From `RunSpec.to_json`.
    """
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:ID_LENGTH]


def canonical_json(content: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces, no NaN."""
    return _CANONICAL.encode(content)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
"""Made once: it writes for every run of a table."""


def _is_number(value: Any, kind: Any) -> bool:
    """Tell whether a value is a finite number, and a whole one where the field is an int."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if kind is int:
        return isinstance(value, int)
    return value == value and abs(value) != float("inf")
