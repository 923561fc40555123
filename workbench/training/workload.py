"""What a run costs, in the numbers that decide it: sizes of the network, lengths of the text."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from workbench.models.depth import Anatomy
from workbench.models.size import parameter_counts
from workbench.models.tokenizer import load_tokenizer, longest, stored_config
from workbench.models.vocabulary import used_rows
from workbench.spec import RunSpec
from workbench.techniques import FIRST, Moment, from_settings
from workbench.training.inputs import encode_splits, preparation_key, read
from workbench.training.operations import (
    Dimensions,
    dimensions,
    evaluation_operations,
    search_operations,
    training_operations,
)
from workbench.training.plan import Plan, plan

if TYPE_CHECKING:
    from workbench.training.prepared import Prepared


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
        """Return the highest depth up to which nothing trains at a step: see `frozen_depth`."""
        return frozen_depth(spec, self.anatomy, self.plan(spec).moment(step))

    def operations(self, spec: RunSpec, first: int = 0) -> float:
        """Return the operations of a run from a step on: training, dev each epoch, test.

        See `workbench.training.operations` for what is counted. The outputs of frozen blocks that
        are computed once for all runs of a worker are not.
        """
        planned = self.plan(spec)
        composition = from_settings(spec.techniques)
        fixed, cost = composition.fixed(self.anatomy), composition.cost
        each, total, train = planned.steps_per_epoch, 0.0, self.lengths["train"]
        searches = cost.searches * search_operations(self.sizes, train)
        for start in range(first, planned.steps, each):
            frozen = self.frozen(spec, start)
            passes = cost.passes * training_operations(self.sizes, train, frozen, fixed >= 0)
            total += min(each, planned.steps - start) / each * (passes + searches)
        # A run that reports its best epoch may score dev once more.
        scored = planned.epochs - first // each + (spec.reporting == "best-dev")
        above = replace(self.sizes, layers=self.sizes.layers - max(0, fixed))
        total += scored * evaluation_operations(above, self.lengths["dev"])
        return total + evaluation_operations(above, self.lengths["test"])


def frozen_depth(spec: RunSpec, anatomy: Anatomy, moment: Moment = FIRST) -> int:
    """Return the highest depth up to which nothing trains at a step; -1 when all trains."""
    composition = from_settings(spec.techniques)
    trained = (
        depth for depth in range(anatomy.top + 1) if composition.trains(depth, moment, anatomy)
    )
    return next(trained, anatomy.top) - 1


def workload(prepared: Prepared, seconds: float = 0.0) -> Workload:
    """Describe what is ready for training; ``seconds`` is what preparing it took."""
    network, anatomy = prepared.model.network, prepared.model.anatomy
    sizes = {name: value.numel() for name, value in network.named_parameters()}
    parameters = [0] * (anatomy.top + 1)
    for place in anatomy.parameters:
        parameters[place.depth] += sizes[place.name]
    return Workload(
        sizes=dimensions(network),
        heads=network.family.sizes(network.encoder.config).heads,
        anatomy=anatomy,
        parameters=tuple(parameters),
        outputs=prepared.task.shape.outputs,
        lengths={name: split.lengths for name, split in prepared.encoded.items()},
        seconds=seconds,
    )


def measure(spec: RunSpec) -> Workload:
    """Encode the text of a run and describe what training will cost; no network is loaded.

    Raises
    ------
    WorkbenchError
        As `workbench.training.inputs.read` does.
    """
    started = time.perf_counter()
    task, checkpoint = read(spec)
    tokenizer = load_tokenizer(checkpoint)
    encoded = encode_splits(task, tokenizer, min(spec.max_length, longest(checkpoint)))
    rows = used_rows([split.token_ids for split in encoded.values()], tokenizer.pad_token_id)
    config, family, shape = stored_config(checkpoint), checkpoint.architecture, task.shape
    per_token = shape.objective == "token"
    reads_all = per_token or family.means(config, per_token, spec.head)
    return Workload(
        sizes=Dimensions.of(family, config, reads_all),
        heads=family.sizes(config).heads,
        anatomy=Anatomy(config.num_hidden_layers, config.initializer_range, ()),
        parameters=parameter_counts(checkpoint, len(rows), shape.outputs, per_token, spec.head),
        outputs=shape.outputs,
        lengths={name: split.lengths for name, split in encoded.items()},
        seconds=time.perf_counter() - started,
    )


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
