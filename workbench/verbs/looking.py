"""Verbs that look at what is there: scores, data, techniques, tasks."""

import argparse
from dataclasses import Field, fields
from pathlib import Path

from workbench.verbs.verb import Verbs, add_outputs, add_verb, outputs_of


def add_blurb(verbs: Verbs) -> None:
    """Add the verb ``blurb``."""
    verb = add_verb(verbs, "blurb", _blurb, "print the BLURB score of the finished runs")
    verb.add_argument("--model", default="", help="only this one, as its runs name it")
    verb.add_argument("--technique", default="", help="only this one, such as freeze:6")
    verb.add_argument("--study", action="append", default=[], help="only its runs; may be repeated")
    add_outputs(verb)


def _blurb(chosen: argparse.Namespace) -> int:
    from workbench.notebook.blurb import blurb_text
    from workbench.store.folder import RunStore

    store = RunStore(outputs_of(chosen))
    print(blurb_text(store, chosen.model, chosen.technique, chosen.study), end="")
    return 0


def add_data(verbs: Verbs) -> None:
    """Add the verb ``data``."""
    verb = add_verb(verbs, "data", _data, "look at the data of tasks: only numbers, no text")
    verb.add_argument("tasks", nargs="*", metavar="TASK", help="default: all whose files are here")
    verb.add_argument(
        "--models", default="minilm", help="whose tokenizers cut the text, commas between"
    )
    verb.add_argument(
        "--counts", action="store_true", help="only counts, labels and repeats: no model is needed"
    )
    verb.add_argument("--csv", type=Path, metavar="FILE", help="write every number to this file")
    verb.add_argument("--figure", type=Path, metavar="FILE", help="draw a .png or .html file")


def _data(chosen: argparse.Namespace) -> int:
    from workbench.notebook.data.check import check_data

    files = {"table": chosen.csv, "figure": chosen.figure}
    for part in check_data(chosen.tasks, chosen.models, chosen.counts, **files):
        print(part)
    return 0


def add_techniques(verbs: Verbs) -> None:
    """Add the verb ``techniques``."""
    add_verb(verbs, "techniques", _techniques, "list the stabilization techniques")


def _techniques(chosen: argparse.Namespace) -> int:
    from workbench.techniques import registry

    for name, kind in registry().items():
        print(f"{name}\n  {kind.summary}\n  source: {kind.source}\n  cost: {kind.cost.text}")
        for item in fields(kind):
            print(f"  {item.name:<12} {item.metadata.get('help', '')}{_accepted(item)}")
    return 0


def _accepted(item: Field) -> str:
    words = " or ".join(item.metadata.get("words", ()))
    default = f"default: {item.metadata.get('shown', item.default)}"
    return f" ({words}; {default})" if words else f" ({default})"


def add_tasks(verbs: Verbs) -> None:
    """Add the verb ``tasks``."""
    text = "list the tasks, and what a task file of your own holds"
    add_verb(verbs, "tasks", _tasks, text)


def _tasks(chosen: argparse.Namespace) -> int:
    from workbench.analysis.summary import metric_name
    from workbench.tasks.catalogue import every
    from workbench.tasks.own.task_file import listing

    for task in every():
        options = f" (or with :{', :'.join(task.options[1:])})" if task.options else ""
        print(f"{task.name:<22} {task.title}: {task.type}, {metric_name(task.metric)}{options}")
    print("\nA task file of your own is YAML; type its path as the task. Its settings:")
    print("\n".join(listing()))
    return 0
