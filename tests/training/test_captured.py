"""Recordings without a GPU: torch's side of them is stood in for."""

from contextlib import contextmanager
from weakref import WeakSet

import pytest
import torch

from workbench.training.captured import Recordings


class Graph:
    def replay(self):
        pass


@pytest.fixture
def pools(monkeypatch):
    """Stand in for torch's graphs, by pool: one whose graphs are all gone takes no other."""
    found = {}

    @contextmanager
    def recording(graph, pool):
        if pool in found and not found[pool]:
            raise RuntimeError("it->second->use_count > 0 INTERNAL ASSERT FAILED")
        yield
        found.setdefault(pool, WeakSet()).add(graph)

    monkeypatch.setattr(torch.cuda, "graph_pool_handle", object)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", recording)
    return found


def test_what_is_forgotten_can_be_recorded_anew(pools):
    """As at each epoch of gradual unfreezing."""
    recordings = Recordings(lambda: None)
    for _ in range(3):
        for tokens in (2, 3, 2, 3):
            assert recordings(torch.neg, [torch.ones(tokens)]).tolist() == [-1.0] * tokens
        assert [len(graphs) for graphs in pools.values() if graphs] == [2], "they share a pool"
        recordings.forget()
    assert len(pools) == 3
