"""What all verbs share: how one is added to the command line, and where the runs are."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What a verb is added to."""


def add_verb(
    verbs: Verbs, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    """Add a verb without arguments, and return its parser.

    Parameters
    ----------
    verbs
        Those of the command line.
    name
        As it is typed.
    run
        Given what was typed, does it and returns the exit status. It imports what it needs
        itself, so that a mistyped line answers at once.
    text
        What it does, as the list of verbs says it.
    """
    verb = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    verb.set_defaults(run=run)
    return verb


def add_outputs(verb: argparse.ArgumentParser) -> None:
    """Add the argument that names the folder of the runs."""
    verb.add_argument("--outputs", default="", help="folder of the runs; default: the project's")


def outputs_of(chosen: argparse.Namespace) -> Path:
    """Return the folder of the runs, as it was typed or else the project's."""
    from workbench.store.settings import SweepSettings, outputs_folder

    return outputs_folder(SweepSettings(outputs=chosen.outputs))
