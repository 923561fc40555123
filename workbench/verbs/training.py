"""Verbs that train: a sweep, a declared study, a worker of either."""

import argparse
import signal
from pathlib import Path
from typing import Any

from workbench.verbs.verb import Verbs, add_outputs, add_parameters, add_verb


def add_sweep(verbs: Verbs) -> None:
    """Add the verb ``sweep``."""
    verb = add_verb(verbs, "sweep", _sweep, "run a batch through notebooks/sweep.ipynb")
    add_parameters(verb, _settings)
    verb.add_argument(
        "--dry-run", action="store_true", help="only say what it would take: time, memory, disk"
    )


def _settings() -> Any:
    from workbench.store.settings import SweepSettings

    return SweepSettings


def _sweep(chosen: argparse.Namespace) -> int:
    if chosen.dry_run:
        from workbench.notebook.sweep import dry_run

        print(dry_run(dict(chosen.parameters)))
        return 0
    from workbench.notebook.batch import run_sweep

    return run_sweep(dict(chosen.parameters), chosen.notebook)


def add_study(verbs: Verbs) -> None:
    """Add the verb ``study``."""
    verb = add_verb(
        verbs, "study", _study, "run a declared study: tune on dev, report, compare with baselines"
    )
    verb.add_argument(
        "file", nargs="?", default="", help="a study file, or the name of a shipped study"
    )
    verb.add_argument("--dry-run", action="store_true", help="only say what it would take")
    verb.add_argument("--device", default="auto", help="auto, cuda, cuda:1, mps or cpu")
    verb.add_argument("--workers", type=int, default=0, help="processes side by side; 0 chooses")
    add_outputs(verb)


def _study(chosen: argparse.Namespace) -> int:
    from workbench.protocol import study_file

    if not chosen.file:
        listed = "\n".join(study_file.listing())
        print(f"Shipped studies:\n{study_file.overview()}\n\nA study file is YAML. It holds:")
        print(listed)
        return 0
    declaration = study_file.find(chosen.file)
    from workbench.protocol.conduct import carry_out
    from workbench.protocol.stages import Machine

    machine = Machine(chosen.device, chosen.workers, chosen.outputs)
    # Asked to end, by a scheduler or a page, it lets its workers save checkpoints, as after Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        carry_out(declaration, machine, chosen.dry_run, _save_with_figures)
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _save_with_figures(conduct: Any, findings: Any) -> Path:
    # What draws is loaded at the end, when it is needed.
    from workbench.notebook.declaring.study_report import save

    return save(conduct, findings)


def add_work(verbs: Verbs) -> None:
    """Add the verb ``work``."""
    verb = add_verb(verbs, "work", _work, "train what a study misses, until nothing is left")
    verb.add_argument("study", help="its name")
    add_outputs(verb)
    verb.add_argument("--device", default="", help="auto, cuda, cuda:1, mps or cpu")
    verb.add_argument("--micro-batch", type=int, default=0, help="examples in one forward pass")


def _work(chosen: argparse.Namespace) -> int:
    from workbench.execution.worker import work_on

    return work_on(chosen.study, chosen.outputs, chosen.device, chosen.micro_batch)
