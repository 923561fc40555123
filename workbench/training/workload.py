"""What a run costs, in the numbers that decide it: sizes of the network, lengths of the text."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from workbench.models.depth import Anatomy
from workbench.spec import RunSpec
from workbench.techniques import from_settings
from workbench.training.operations import (
    Dimensions,
    dimensions,
    evaluation_operations,
    training_operations,
)
from workbench.training.plan import Plan, plan
from workbench.training.prepared import Prepared, preparation_key, prepare


@dataclass(frozen=True)
class Workload:
    """What runs on the same data with the same model share.

    Attributes
    ----------
    sizes
        Of the network.
    heads
        Attention heads of a block.
    anatomy
        Of the network.
    parameters
        By depth, from the embeddings (those of the words that occur) to the head.
    outputs
        Numbers that the model gives for each sequence or token.
    lengths
        Tokens of each sequence by split, ``int64 [sequences]``.
    seconds
        What loading and encoding took here.
    """

    sizes: Dimensions
    heads: int
    anatomy: Anatomy
    parameters: tuple[int, ...]
    outputs: int
    lengths: dict[str, np.ndarray]
    seconds: float = 0.0

    def plan(self, spec: RunSpec) -> Plan:
        """Return how long a run trains."""
        return plan(spec, len(self.lengths["train"]))

    def frozen(self, spec: RunSpec, step: int = 0) -> int:
        """Return the highest depth up to which nothing trains at a step; -1 when all trains."""
        composition = from_settings(spec.techniques)
        depths = range(self.anatomy.top + 1)
        trained = (depth for depth in depths if composition.trains(depth, step, self.anatomy))
        return next(trained, self.anatomy.top) - 1

    def operations(self, spec: RunSpec, first: int = 0) -> float:
        """Return the operations of a run from a step on: training, dev each epoch, test.

        See `workbench.training.operations` for what is counted. The outputs of frozen blocks that
        are computed once for all runs of a worker are not.
        """
        planned = self.plan(spec)
        fixed = from_settings(spec.techniques).fixed(self.anatomy)
        each, total = planned.steps_per_epoch, 0.0
        for start in range(first, planned.steps, each):
            share = min(each, planned.steps - start) / each
            frozen, train = self.frozen(spec, start), self.lengths["train"]
            total += share * training_operations(self.sizes, train, frozen, fixed >= 0)
        # A run that reports its best epoch may score dev once more.
        scored = planned.epochs - first // each + (spec.reporting == "best-dev")
        above = replace(self.sizes, layers=self.sizes.layers - max(0, fixed))
        total += scored * evaluation_operations(above, self.lengths["dev"])
        return total + evaluation_operations(above, self.lengths["test"])


def workload(prepared: Prepared, seconds: float = 0.0) -> Workload:
    """Describe what is ready for training; ``seconds`` is what preparing it took."""
    network, anatomy = prepared.model.network, prepared.model.anatomy
    sizes = {name: value.numel() for name, value in network.named_parameters()}
    parameters = [0] * (anatomy.top + 1)
    for place in anatomy.parameters:
        parameters[place.depth] += sizes[place.name]
    return Workload(
        sizes=dimensions(network),
        heads=network.encoder.config.num_attention_heads,
        anatomy=anatomy,
        parameters=tuple(parameters),
        outputs=prepared.task.shape.outputs,
        lengths={name: split.lengths for name, split in prepared.encoded.items()},
        seconds=seconds,
    )


def measure(spec: RunSpec) -> Workload:
    """Load and encode what a run needs, and describe it.

    Raises
    ------
    WorkbenchError
        As `workbench.training.prepared.prepare` does.
    """
    started = time.perf_counter()
    prepared = prepare(spec)
    return workload(prepared, time.perf_counter() - started)


def measure_all(specs: Iterable[RunSpec]) -> dict[str, Workload]:
    """Return the workload of each run by its identity; runs that share one get the same object.

    Raises
    ------
    WorkbenchError
        As `measure` does.
    """
    shared: dict[object, Workload] = {}
    found = {}
    for spec in specs:
        key = preparation_key(spec)
        if key not in shared:
            shared[key] = measure(spec)
        found[spec.id] = shared[key]
    return found
