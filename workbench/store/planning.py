"""From settings to a study: its runs, what it is called, and which of them train together."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import Checkpoint, find_checkpoint
from workbench.models.novelty import new_parts
from workbench.spec import RunSpec, canonical_json
from workbench.store.declared import folder_name
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings
from workbench.store.study import Study, load_study
from workbench.tasks.loading import LoadedTask
from workbench.tasks.loading import load as load_task
from workbench.techniques import Composition, from_settings, parse
from workbench.training.device import find_device, find_precision, free_memory
from workbench.training.plan import Execution, plan

_OWN_NUMBERS = (
    "learning_rate",
    "weights_seed",
    "order_seed",
    "dropout_seed",
    "weight_decay",
    "beta1",
    "beta2",
    "epsilon",
    "clip_norm",
    "warmup",
    "reporting",
    "techniques",
)
"""What may differ among the members of a cohort; techniques say for themselves what may not."""


def plan_study(settings: SweepSettings, store: RunStore, keep: bool = True) -> Study:
    """Turn settings into a stored study, or find the one that these settings made before.

    Parameters
    ----------
    settings
        What to run.
    store
        Where studies are.
    keep
        Whether to store a new one.

    Raises
    ------
    WorkbenchError
        For anything in the settings that does not exist or cannot work.
    """
    device = find_device(settings.device)
    precision = find_precision(settings.precision, device)
    task = load_task(settings.task)
    _check_head(settings, task)
    reduced = task.subset(settings.train_size, settings.subset_seed)
    examples = len(reduced.splits["train"])
    specs: list[RunSpec] = []
    notes, new_weights = list(task.notes), []
    for name in settings.model_names:
        checkpoint = find_checkpoint(name, synthetic_task=task.task.synthetic)
        notes.extend(_model_notes(name, checkpoint))
        new_weights.append(_new_weights(checkpoint, task, settings.head))
        specs.extend(_model_specs(settings, task, checkpoint, precision))
    unique = {spec.id: spec for spec in specs}
    name = settings.study and folder_name("study", settings.study)
    name = name or _default_name(task, list(unique), device.type)
    study = Study(
        name=name,
        settings=settings,
        specs=tuple(unique.values()),
        cohorts=tuple((run,) for run in unique),
        steps={run: plan(spec, examples).steps for run, spec in unique.items()},
        notes=tuple(notes),
        new_weights=tuple(new_weights),
        device=str(device),
    )
    stored = _stored(store, study)
    if stored is None:
        return _kept(_stacked(study, device), store, keep)
    if stored.settings.save != settings.save:
        # Which models are kept moves no result: the newest wish counts.
        wish = replace(stored.settings, save=settings.save)
        return _kept(replace(stored, settings=wish), store, keep)
    return stored


def _kept(study: Study, store: RunStore, keep: bool) -> Study:
    """Return a study, stored where it is to be kept."""
    if keep:
        study.save(store)
    return study


def _stored(store: RunStore, study: Study) -> Study | None:
    """Return the stored study where it is the same: its cohorts stay as they are."""
    try:
        stored = load_study(store, study.name)
    except WorkbenchError:  # There is none, or it is damaged.
        return None
    same = (stored.run_ids, stored.device) == (study.run_ids, study.device)
    return stored if same else None


def _stacked(study: Study, device: torch.device) -> Study:
    """Return a study with runs stacked as the GPU's memory allows; on a CPU that costs time."""
    if device.type != "cuda":
        return study
    free = free_memory(device, study.settings.workers)
    size = _fitting(study.specs, free, Execution(device))
    return replace(study, cohorts=_cohorts(study.specs, size), free_memory=free)


def _fitting(
    specs: Sequence[RunSpec], free: int, execution: Execution
) -> Callable[[Sequence[RunSpec]], int]:
    """Return what tells how many runs of a group fit into a worker's free memory."""
    # Only a GPU's plan must load networks.
    from workbench.training.memory import cohort_size, run_bytes
    from workbench.training.workload import measure_all

    workloads = measure_all(specs)

    def size(group: Sequence[RunSpec]) -> int:
        needed = (run_bytes(spec, workloads[spec.id], execution, stacked=True) for spec in group)
        return cohort_size(max(needed), free)

    return size


def _check_head(settings: SweepSettings, task: LoadedTask) -> None:
    """Refuse to keep models with a head that none of transformers' own classes has."""
    if settings.save != "none" and not can_be_saved(settings.head, task.shape.objective):
        raise WorkbenchError(
            f"save is {settings.save}, but a model with head={settings.head} fits none of "
            "transformers' own classes: choose head=native, or save=none"
        )


def can_be_saved(head: str, objective: str) -> bool:
    """Tell whether transformers' own classes have a head.

    One layer on ``[CLS]`` is in none of them: each family's classifier has a pooler, or a layer of
    its own, before the outputs. The head of a token is one layer everywhere.
    """
    return head == "native" or objective == "token"


def _model_notes(name: str, checkpoint: Checkpoint) -> list[str]:
    if checkpoint.name == name:
        return []
    reason = f"the model {name!r} is {checkpoint.name} on this machine"
    return [f"{reason} ({checkpoint.weights[:14]})."]


def _new_weights(checkpoint: Checkpoint, task: LoadedTask, head: str) -> str:
    drawn = new_parts(checkpoint, task.shape.objective == "token", head)
    return f"New weights in {checkpoint.name}, drawn by each run's seed: {drawn}."


def _model_specs(
    settings: SweepSettings, task: LoadedTask, checkpoint: Checkpoint, precision: str
) -> list[RunSpec]:
    recipe = task.task.recipes[checkpoint.size]
    compositions = _compositions(settings, checkpoint.layers)
    return [
        RunSpec(
            task=task.name,
            data=task.data_hash,
            train_size=settings.train_size,
            # Where nothing is drawn, a seed for it must not make another run.
            subset_seed=settings.subset_seed if settings.train_size else 0,
            model=checkpoint.name,
            weights=checkpoint.weights,
            head=settings.head,
            techniques=composition.settings,
            learning_rate=settings.learning_rate or recipe.learning_rate,
            batch_size=settings.batch_size or recipe.batch_size,
            epochs=settings.epochs or recipe.epochs,
            max_steps=settings.max_steps,
            max_length=task.task.max_length,
            dropout=_dropout(checkpoint),
            precision=precision,
            reporting=settings.reporting,
            weights_seed=weights,
            order_seed=order,
            dropout_seed=dropout,
        )
        for composition in compositions
        for weights, order, dropout in settings.seed_triples
    ]


def _compositions(settings: SweepSettings, layers: int) -> list[Composition]:
    found = [parse(name, layers) for name in settings.technique_names]
    labels = [composition.label for composition in found]
    for label in labels:
        if labels.count(label) > 1:
            raise WorkbenchError(
                f"techniques names {label!r} twice under different spellings: name each once"
            )
    return found


def _dropout(checkpoint: Checkpoint) -> float:
    return float(checkpoint.config.get(checkpoint.architecture.dropouts[0], 0.1))


def _default_name(task: LoadedTask, run_ids: list[str], device: str) -> str:
    digest = hashlib.sha256(canonical_json([run_ids, device]).encode()).hexdigest()
    return f"{task.task.name}-{digest[:8]}"


def _cohorts(
    specs: Sequence[RunSpec], size: Callable[[Sequence[RunSpec]], int]
) -> tuple[tuple[str, ...], ...]:
    """Group runs that may train together, as many as a group's size allows."""
    groups: dict[Any, list[RunSpec]] = {}
    for spec in specs:
        groups.setdefault(cohort_key(spec), []).append(spec)
    return tuple(
        tuple(spec.id for spec in group[first : first + each])
        for group in groups.values()
        for each in [size(group)]
        for first in range(0, len(group), each)
    )


def cohort_key(spec: RunSpec) -> tuple[str, Any]:
    """Return what must be equal among the members of a cohort."""
    content = {key: value for key, value in spec.to_json().items() if key not in _OWN_NUMBERS}
    return canonical_json(content), from_settings(spec.techniques).cohort_key
