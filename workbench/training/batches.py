"""The batches of a cohort: which examples each run sees at a step, packed one step ahead."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

import numpy as np
import torch

from workbench.spec import RunSpec
from workbench.tasks.task import Encoded
from workbench.training.packing import Geometry, PackedBatch, pack
from workbench.training.randomness import key_of, permutation


class Batches:
    """Packs training batches, each while the step before it is computed.

    A batch is a function of the step alone, so nothing has to be saved or replayed.

    Parameters
    ----------
    specs
        Of the members.
    train
        Their training split.
    geometry
        Of the model.
    device
        Where the batches go.
    micro_batch
        Examples of each run in one packed batch; 0 packs the whole batch at once.
    table
        States to look up instead of computing them: see `pack`.
    """

    def __init__(
        self,
        specs: Sequence[RunSpec],
        train: Encoded,
        geometry: Geometry,
        device: torch.device,
        micro_batch: int = 0,
        table: np.ndarray | None = None,
    ):
        self.specs, self.train, self.geometry = specs, train, geometry
        self.device, self.micro_batch, self.table = device, micro_batch, table
        self.steps_per_epoch = -(-len(train) // specs[0].batch_size)
        self._order: tuple[int, np.ndarray] | None = None
        self._ahead: tuple[int, Future[list[PackedBatch]]] | None = None

    def examples(self, step: int) -> np.ndarray:
        """Return the examples each run sees at a step (from 0), ``int64 [runs, batch]``."""
        epoch, place = divmod(step, self.steps_per_epoch)
        size = self.specs[0].batch_size
        return self._orders(epoch)[:, place * size : (place + 1) * size]

    def packed(self, step: int, last: bool = False) -> list[PackedBatch]:
        """Return a step's micro-batches, and begin with the next step's unless it is the last."""
        waiting, self._ahead = self._ahead, None
        fits = waiting is not None and waiting[0] == step
        found = waiting[1].result() if waiting and fits else self._pack(step)
        if not last:
            self._ahead = (step + 1, _packer().submit(self._pack, step + 1))
        return found

    def settle(self) -> None:
        """Wait until nothing is being packed."""
        if self._ahead:
            self._ahead[1].result()

    def _pack(self, step: int) -> list[PackedBatch]:
        keys = [key_of("dropout", spec.dropout_seed, step) for spec in self.specs]
        return [
            pack(self.train, part, self.geometry, keys, self.device, self.table)
            for part in self._micro_batches(self.examples(step))
        ]

    def _micro_batches(self, examples: np.ndarray) -> Iterator[np.ndarray]:
        size = self.micro_batch or examples.shape[1]
        for first in range(0, examples.shape[1], size):
            yield examples[:, first : first + size]

    def _orders(self, epoch: int) -> np.ndarray:
        """Return each run's order of an epoch, ``int64 [runs, examples]``."""
        # Read once: the thread that packs ahead may replace it at the end of an epoch.
        order = self._order
        if order is None or order[0] != epoch:
            orders = [permutation(spec.order_seed, epoch, len(self.train)) for spec in self.specs]
            order = self._order = (epoch, np.stack([order.numpy() for order in orders]))
        return order[1]


@cache
def _packer() -> ThreadPoolExecutor:
    """Return the one thread of this process that packs ahead."""
    return ThreadPoolExecutor(1, thread_name_prefix="packer")
