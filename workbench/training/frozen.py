"""Outputs of frozen blocks without dropout, computed once for each example.

Below a cut where nothing is trained and nothing is dropped, a block says the same of an example at
every step of every run: its output is looked up instead of computed. All runs, seeds and epochs of
a worker share one table; a large one is a file that the system maps into memory.
"""

import tempfile
from collections.abc import Callable, Hashable

import numpy as np

from workbench.tasks.task import Encoded

LARGE = 1 << 30
"""Bytes from which a table is mapped from a file instead of held in memory."""


class FrozenStates:
    """The states that leave a frozen block, for every token of a split.

    Parameters
    ----------
    large
        Bytes from which a table becomes a file, which goes when the table goes.
    """

    def __init__(self, large: int = LARGE):
        self.large = large
        # A split is kept with its table, so that its identity stays its own.
        self._tables: dict[Hashable, tuple[Encoded, np.ndarray]] = {}

    def table(
        self,
        split: Encoded,
        key: Hashable,
        width: int,
        compute: Callable[[np.ndarray], None],
    ) -> np.ndarray:
        """Return a split's states, ``float32 [tokens, width]``.

        Parameters
        ----------
        split
            Whose tokens they are.
        key
            What else tells one table from another, such as the depth of the block.
        width
            Of a state.
        compute
            Fills an empty table; called once.
        """
        name = id(split), key
        if name not in self._tables:
            table = self._empty(int(split.offsets[-1]), width)
            compute(table)
            self._tables[name] = (split, table)
        return self._tables[name][1]

    def _empty(self, tokens: int, width: int) -> np.ndarray:
        if 4 * tokens * width < self.large:
            return np.empty((tokens, width), np.float32)
        # A file without a name is gone when nothing uses it any more, however the process ends.
        with tempfile.TemporaryFile() as file:
            return np.memmap(file, np.float32, "w+", shape=(tokens, width))
