"""CUDA graphs: work on a GPU that is recorded once and then replayed with one call.

A small batch leaves a GPU waiting: launching its some thousand kernels one by one takes the
processor longer than computing them takes the GPU.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


class RecordingFailed(Exception):
    """A recording cannot be made, for want of memory as a rule; nothing has been computed."""


@dataclass(frozen=True)
class _Recording:
    graph: torch.cuda.CUDAGraph
    inputs: list[Tensor]
    output: Tensor


class Recordings:
    """Work on the GPU that is recorded when inputs of the same shapes come for the second time.

    The first time it is done as usual, which loads every kernel that is needed. A replay launches
    the same kernels on the same numbers: the results are the same.

    Parameters
    ----------
    settle
        Called before a recording: nobody else may use the device meanwhile.
    """

    def __init__(self, settle: Callable[[], None]):
        self.settle = settle
        self._met: set[Hashable] = set()
        self._recordings: dict[Hashable, _Recording] = {}
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, function: Callable[..., Tensor], inputs: Sequence[Tensor]) -> Tensor:
        """Compute a function.

        Parameters
        ----------
        function
            From tensors to one tensor, without waiting for the device. It launches the same kernels
            for inputs of the same shapes, and whatever else it reads and writes stays where it is
            in memory.
        inputs
            Of the function.

        Raises
        ------
        RecordingFailed
            When the function has to be called instead.
        """
        shapes = tuple(tensor.shape for tensor in inputs)
        if shapes not in self._met:
            self._met.add(shapes)
            return function(*inputs)
        if shapes not in self._recordings:
            self._recordings[shapes] = self._record(function, inputs)
        recording = self._recordings[shapes]
        torch._foreach_copy_(recording.inputs, list(inputs))
        recording.graph.replay()
        # The next replay overwrites the output.
        return recording.output.clone()

    def forget(self) -> None:
        """Forget all recordings, since what they read or write has moved."""
        self._met.clear()
        self._recordings.clear()
        # torch refuses to record into a pool whose recordings are all gone.
        self._pool = torch.cuda.graph_pool_handle()

    def _record(self, function: Callable[..., Tensor], inputs: Sequence[Tensor]) -> _Recording:
        self.settle()
        own = [tensor.clone() for tensor in inputs]
        graph = torch.cuda.CUDAGraph()
        try:
            # All recordings share their memory: nothing but the outputs outlives a replay.
            with torch.cuda.graph(graph, pool=self._pool):
                output = function(*own)
        except RuntimeError as problem:
            # What failed inside comes out as the failure to end the recording.
            raise RecordingFailed(str(problem.__context__ or problem)) from problem
        return _Recording(graph, own, output)
