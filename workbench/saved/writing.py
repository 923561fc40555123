"""Writes the weights of a run that has just been trained, whole or not at all."""

from collections.abc import Sequence
from pathlib import Path

from workbench.models.checkpoint import find_checkpoint
from workbench.models.export import Outputs, Trained, export
from workbench.saved.description import Description, inputs_of, save_description
from workbench.saved.place import beaten, dev_score, groups, waiting_folder
from workbench.spec import RunSpec
from workbench.store.atomic import replacing_folder
from workbench.store.folder import RunStore
from workbench.store.study import Study
from workbench.tasks.loading import LoadedTask
from workbench.training.outcome import Outcome
from workbench.training.prepared import Prepared
from workbench.training.trainer import Trainer

_PROBLEMS = {
    "regression": "regression",
    "single-label": "single_label_classification",
    "multi-label": "multi_label_classification",
    "token": None,
}
"""transformers' word for each objective."""


def write_waiting(
    store: RunStore, study: Study, trainer: Trainer, outcomes: Sequence[Outcome]
) -> None:
    """Write the weights of a cohort's members that their study may keep.

    Where only the best is kept, a member that a finished one beats is not written: a study holds
    no more weights at a time than it has techniques, and one for each worker.

    Parameters
    ----------
    store, study
        Where they wait until the study is complete.
    trainer
        Whose `run` has returned.
    outcomes
        What it returned.

    Raises
    ------
    WorkbenchError
        When a file cannot be written.
    """
    group_of = {spec.id: group for group in groups(study) for spec in group}
    for run, (spec, outcome) in enumerate(zip(trainer.specs, outcomes, strict=True)):
        score = dev_score(outcome.result)
        if study.settings.save == "best" and beaten(store, group_of[spec.id], spec, score):
            continue
        write_model(waiting_folder(store, study.name, spec.id), study.name, trainer, run)


def write_model(folder: Path, study: str, trainer: Trainer, run: int, repeated: str = "") -> None:
    """Write one member's model, in the form that transformers alone can load.

    Parameters
    ----------
    folder
        Where it belongs; it is there as a whole, or not at all.
    study
        The study's name.
    trainer
        Whose `run` has returned.
    run
        The member's place in its cohort.
    repeated
        How another training of it differed from the stored result; empty where it did not.

    Raises
    ------
    WorkbenchError
        When a file cannot be written.
    """
    spec, prepared = trainer.specs[run], trainer.prepared
    scored = trainer.scored(run)
    trained = Trained(scored.weights, prepared.rows, scored.unused, spec.dropout)
    facts = Description(spec.id, study, *inputs_of(prepared.task.shape), repeated)
    with replacing_folder(folder) as temporary:
        export(temporary, find_checkpoint(spec.model), trained, outputs_of(spec, prepared))
        save_description(temporary, facts)


def outputs_of(spec: RunSpec, prepared: Prepared) -> Outputs:
    """Return what a run's model says of its outputs."""
    objective = prepared.task.shape.objective
    return Outputs(
        labels=label_names(prepared.task),
        per_token=objective == "token",
        problem=_PROBLEMS[objective],
        max_length=min(spec.max_length, prepared.model.max_length),
    )


def label_names(task: LoadedTask) -> tuple[str, ...]:
    """Return a name for each output of a task."""
    names = tuple(getattr(task.shape, "labels", ())) or task.task.labels
    if len(names) == task.shape.outputs:
        return names
    if task.shape.outputs == 1:
        return ("score",)
    return tuple(f"label {number}" for number in range(task.shape.outputs))
