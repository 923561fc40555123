"""What a worker does when memory runs out: less at once, from the last checkpoint on.

A cohort of several runs is divided into halves; a lone run takes fewer examples in one forward
pass, or fewer tokens in one pass of an evaluation. At most the unsaved steps are repeated.
"""

import gc
from collections.abc import Sequence
from dataclasses import replace

import torch

from workbench.errors import WorkbenchError
from workbench.execution.heap import return_heap
from workbench.spec import RunSpec
from workbench.store import checkpoints
from workbench.store.folder import RunStore
from workbench.store.reductions import Reduction, cohort_id, save_reduction
from workbench.tasks.catalogue import shown
from workbench.training.division import divide, halves
from workbench.training.plan import Execution

_FEWEST_TOKENS = 512
"""Of an evaluation pass: about the longest sequence, which cannot be cut."""

_SIGNS = ("DefaultCPUAllocator", "out of memory", "ALLOC_FAILED")
"""What torch's other errors say when memory is short: its CPU's, the driver's, cuBLAS's."""


def out_of_memory(problem: Exception) -> bool:
    """Tell whether an exception says that memory ran out."""
    if isinstance(problem, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(problem, RuntimeError) and any(sign in str(problem) for sign in _SIGNS)


def free() -> None:
    """Give back what dropped objects and torch's caches hold."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return_heap()


def reduced_execution(execution: Execution, found: Reduction) -> Execution:
    """Return how a worker trains a cohort for which something was made smaller."""
    return replace(
        execution,
        micro_batch=found.micro_batch or execution.micro_batch,
        evaluation_tokens=found.evaluation_tokens or execution.evaluation_tokens,
    )


def reduction_after(specs: Sequence[RunSpec], execution: Execution, evaluating: bool) -> Reduction:
    """Return what to make smaller next.

    Parameters
    ----------
    specs
        Of the cohort.
    execution
        With which memory ran out.
    evaluating
        Whether it ran out in an evaluation.

    Raises
    ------
    WorkbenchError
        When nothing is left to make smaller.
    """
    if len(specs) > 1:
        return Reduction(divided=True)
    micro_batch = min(execution.micro_batch or specs[0].batch_size, specs[0].batch_size)
    tokens = execution.evaluation_tokens
    if evaluating and tokens > _FEWEST_TOKENS:
        return Reduction(micro_batch=execution.micro_batch, evaluation_tokens=tokens // 2)
    if not evaluating and micro_batch > 1:
        return Reduction(micro_batch=-(-micro_batch // 2), evaluation_tokens=tokens)
    raise WorkbenchError(
        f"the memory of {execution.device} is too small for {specs[0].model} on "
        f"{shown(specs[0].task)}, "
        "even with one example at a time: choose a smaller model, freeze more of its layers, or "
        "start fewer workers"
    )


def reduce(
    store: RunStore, study: str, specs: Sequence[RunSpec], execution: Execution, evaluating: bool
) -> None:
    """Record what is made smaller for a cohort, which the caller has claimed.

    The checkpoints of both halves are written first, so the record, which is atomic, finds them
    complete; before it the whole cohort's checkpoint counts, after it the halves'.

    Raises
    ------
    WorkbenchError
        When nothing is left to make smaller.
    """
    runs, found = [spec.id for spec in specs], reduction_after(specs, execution, evaluating)
    if found.divided:
        _divide_checkpoint(store, runs)
    save_reduction(store, study, runs, found)
    if found.divided:
        checkpoints.delete(store, cohort_id(runs))


def _divide_checkpoint(store: RunStore, runs: list[str]) -> None:
    saved = checkpoints.load(store, cohort_id(runs))
    for members in halves(len(runs)):
        name = cohort_id(runs[members.start : members.stop])
        if saved is None:
            # A worker that was killed here before may have left the half of an older state.
            checkpoints.delete(store, name)
        else:
            checkpoints.save(store, name, *divide(saved, len(runs), members))
