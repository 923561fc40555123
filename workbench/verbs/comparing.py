"""Verbs that compare what has been trained."""

import argparse
from typing import Any

from workbench.verbs.verb import Verbs, add_outputs, add_parameters, add_verb, outputs_of


def add_compare(verbs: Verbs) -> None:
    """Add the verb ``compare``."""
    text = "compare every finished run through notebooks/compare.ipynb"
    add_parameters(add_verb(verbs, "compare", _compare, text), _settings)


def _settings() -> Any:
    from workbench.comparison.settings import CompareSettings

    return CompareSettings


def _compare(chosen: argparse.Namespace) -> int:
    from workbench.notebook.batch import run_comparison

    return run_comparison(dict(chosen.parameters), chosen.notebook)


def add_advise(verbs: Verbs) -> None:
    """Add the verb ``advise``."""
    text = "say what to use for a model and a task, why, and how sure that is"
    verb = add_verb(verbs, "advise", _advise, text)
    verb.add_argument("model", help="auto, a name, hub id or folder")
    verb.add_argument("task", help="biosses, hoc, ..., or own.yaml")
    verb.add_argument(
        "--train-size", type=int, default=0, metavar="N", help="training examples drawn; 0 is all"
    )
    add_outputs(verb)


def _advise(chosen: argparse.Namespace) -> int:
    from workbench.comparison.advising import advise, text
    from workbench.models.catalogue import AUTO
    from workbench.notebook.choosing.choices import automatic
    from workbench.store.folder import RunStore

    model = automatic(chosen.task) if chosen.model == AUTO else chosen.model
    print(text(advise(RunStore(outputs_of(chosen)), model, chosen.task, chosen.train_size)))
    return 0
