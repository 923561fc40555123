"""Models of runs that are finished: trained again, since weights were not kept the first time.

A finished run is never redone, and this does not: its stored result stays, and the repeated one is
compared with it, byte for byte.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from workbench.errors import WorkbenchError, unknown
from workbench.execution.progress import clock
from workbench.saved.place import (
    dev_score,
    kept,
    member_folders,
    settling,
    technique,
    waiting_folder,
    wanted,
)
from workbench.saved.settling import empty, place, settle, to_place
from workbench.saved.writing import write_model
from workbench.spec import RunSpec
from workbench.store.folder import RunStore
from workbench.store.planning import can_be_saved
from workbench.store.seal import check_open
from workbench.store.settings import SweepSettings, outputs_folder
from workbench.store.study import Study, load_study
from workbench.tasks.loading import load as load_task
from workbench.training.device import find_device
from workbench.training.inputs import preparation_key
from workbench.training.outcome import Outcome
from workbench.training.plan import Execution
from workbench.training.prepared import Prepared, prepare
from workbench.training.recorder import Unrecorded
from workbench.training.trainer import Trainer

_QUIET_SECONDS = 2


@dataclass(frozen=True)
class Repetition:
    """A cohort that is trained again.

    Attributes
    ----------
    cohort
        Its members as they were trained: together, since that moves last digits.
    wanted
        Those whose models are wanted.
    seconds
        What it took, start to end; 0 where that is not known.
    host
        Where.
    """

    cohort: tuple[str, ...]
    wanted: tuple[str, ...]
    seconds: float
    host: str


def save_models(
    name: str,
    which: str = "best",
    outputs: str = "",
    device: str = "",
    dry_run: bool = False,
    say: Callable[[str], None] = print,
) -> list[Path]:
    """Save models of a complete study; runs whose weights are not there are trained again.

    Parameters
    ----------
    name
        Of the study.
    which
        ``best`` (of each model and technique, by dev), ``every``, or a technique: its best.
    outputs
        Folder of the runs; empty is the project's.
    device
        Empty is the study's own.
    dry_run
        Whether only to say what it would take, and change nothing.
    say
        Given each sentence as it comes.

    Returns
    -------
    list of Path
        The folders of all models that were asked for.

    Raises
    ------
    WorkbenchError
        When there is no such study, it is not complete, no such member, or a run cannot be
        trained again here.
    """
    store = RunStore(outputs_folder(SweepSettings(outputs=outputs)))
    study = load_study(store, name)
    _check(store, study, which)
    asked = wanted(store, study, which)
    if dry_run:
        say(_plan(asked, _lacking(store, study, asked, to_place(store, study))))
    else:
        _save(store, study, asked, device, say)
    folders = member_folders(store, study)
    return [folders[run] for run in asked]


def _check(store: RunStore, study: Study, which: str) -> None:
    techniques = {technique(spec) for spec in study.specs}
    if which not in {"best", "every", *techniques}:
        raise unknown(f"model of study {study.name}", which, {"best", "every", *techniques})
    if missing := len(store.missing(study.run_ids)):
        raise WorkbenchError(
            f"study {study.name} misses {missing} of its {len(study.specs)} runs, and its best are "
            f"not known: type 'python -m workbench work {study.name}' first"
        )
    check_open(store, study)  # A model's card tells its test score.
    if not can_be_saved(study.settings.head, load_task(study.settings.task).shape.objective):
        raise WorkbenchError(
            f"study {study.name} was trained with head={study.settings.head}, which fits none of "
            "transformers' own classes: train it with head=native"
        )


def _save(
    store: RunStore, study: Study, asked: Sequence[str], device: str, say: Callable[[str], None]
) -> None:
    settle(store, study)
    held = settling(store, study)
    if held is None:
        raise WorkbenchError(
            f"another process is saving models of study {study.name}: wait until it has ended"
        )
    with held:
        again = _lacking(store, study, asked)
        say(_plan(asked, again))
        prepared: dict[object, Prepared] = {}
        for repetition in again:
            _repeat(store, study, repetition, device or study.device, prepared, say)
        empty(store, study)


def _lacking(
    store: RunStore, study: Study, asked: Sequence[str], waiting: Iterable[str] = ()
) -> list[Repetition]:
    """Return what is to be trained again, where some models that wait count as being there."""
    there = {*kept(store, study), *waiting}
    return repetitions(store, [run for run in asked if run not in there])


def repetitions(store: RunStore, runs: Iterable[str]) -> list[Repetition]:
    """Return the cohorts that are to be trained again for some finished runs."""
    found: dict[tuple[str, ...], list[str]] = {}
    for run in runs:
        cohort = tuple(store.timings(run).get("cohort", (run,)))
        found.setdefault(cohort, []).append(run)
    return [
        Repetition(cohort, tuple(members), *_took(store, cohort[0]))
        for cohort, members in found.items()
    ]


def _took(store: RunStore, run: str) -> tuple[float, str]:
    """Return what a run's cohort took from start to end, and where."""
    timings, result = store.timings(run), store.result(run) or {}
    seconds, first = timings.get("seconds", 0.0), timings.get("first_step", 0)
    steps = max(entry["step"] for entry in result["history"]) if result.get("history") else 0
    # A run that was resumed has the time of its last part alone.
    return seconds * steps / (steps - first) if steps > first else seconds, timings.get("host", "")


def _plan(asked: Sequence[str], again: Sequence[Repetition]) -> str:
    """Say what is there and what has to be trained again."""
    ready = len(asked) - sum(len(each.wanted) for each in again)
    known = f"{ready} of {len(asked)} models are there."
    if not again:
        return known
    runs = sum(len(each.cohort) for each in again)
    seconds = sum(each.seconds for each in again)
    hosts = ", ".join(dict.fromkeys(each.host for each in again if each.host))
    took = f"about {clock(seconds)}, as they took on {hosts}" if seconds else "time unknown"
    return f"{known} To train again, results left as they are: {runs} runs ({took})."


def _repeat(
    store: RunStore,
    study: Study,
    repetition: Repetition,
    device: str,
    prepared: dict[object, Prepared],
    say: Callable[[str], None],
) -> None:
    """Train a cohort again, and put the wanted members' models in their places."""
    specs = [store.spec(run) for run in repetition.cohort]
    key = preparation_key(specs[0])
    if key not in prepared:
        prepared.clear()
        prepared[key] = prepare(specs[0])
    trainer, outcomes = _trained(specs, prepared[key], store.timings(specs[0].id), device)
    for number, (spec, outcome) in enumerate(zip(specs, outcomes, strict=True)):
        if spec.id in repetition.wanted:
            differs = _difference(store, spec, outcome)
            if differs:
                say(_told(spec, differs))
            folder = waiting_folder(store, study.name, spec.id)
            write_model(folder, study.name, trainer, number, differs)
            place(store, study, [spec.id])


def _trained(
    specs: Sequence[RunSpec], prepared: Prepared, timings: dict[str, Any], device: str
) -> tuple[Trainer, list[Outcome]]:
    """Train a cohort as its timings say it was trained."""
    sizes = {
        name: timings[name] for name in ("micro_batch", "evaluation_tokens") if name in timings
    }
    execution = Execution(find_device(device), **sizes)
    if execution.device.type == "cpu" and "threads" in timings:
        torch.set_num_threads(timings["threads"])
    with _Progress() as progress:
        trainer = Trainer(specs, prepared, progress, execution)
        progress.begin(trainer.cohort.plan.steps)
        return trainer, trainer.run()


def _difference(store: RunStore, spec: RunSpec, outcome: Outcome) -> str:
    """Say how an outcome differs from the stored one; empty where it is the same to the byte."""
    if store.agrees(spec, outcome.result, outcome.predictions):
        return ""
    stored, here = dev_score(store.result(spec.id) or {}), dev_score(outcome.result)
    if stored is None or here is None:
        return "other predictions"
    return f"{100 * here:.3f} instead of {100 * stored:.3f} on dev"


def _told(spec: RunSpec, differs: str) -> str:
    return (
        f"{technique(spec)}, seed {spec.seed_name}: trained again it differs from its stored "
        f"result ({differs}), as on another machine or with other versions or threads; the stored "
        "result is kept, and the model's card tells the difference."
    )


class _Progress(Unrecorded):
    """Shows how far training is."""

    def __enter__(self) -> "_Progress":
        self.bar = tqdm(unit=" steps", delay=_QUIET_SECONDS, leave=False)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def begin(self, steps: int) -> None:
        self.bar.reset(steps)

    def steps(self, first: int, losses: list[list[float]], norms: list[list[float]]) -> None:
        self.bar.update(len(losses))
