"""One worker trains many cohorts: what it holds does not grow."""

import psutil
import torch

from workbench.execution import worker
from workbench.training.plan import Execution


def test_memory_after_fifty_cohorts(make_study, monkeypatch):
    """Compare the process's resident memory after the first cohort and after the fiftieth.

    Measured is what the system has given to the whole process, once the worker has returned what it
    can. A worker that keeps its cohorts, small as they are, grows by a tenth.
    """
    store, study = make_study(cohort=2, techniques="baseline", seeds=100, max_steps=1)
    resident = []

    def measured():
        returned()
        resident.append(psutil.Process().memory_info().rss)

    returned = worker.return_heap
    monkeypatch.setattr(worker, "return_heap", measured)
    assert worker.Worker(store, study, Execution(torch.device("cpu"))).work() == 50
    assert resident[-1] < 1.05 * resident[0]
