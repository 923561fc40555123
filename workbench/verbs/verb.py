"""What all verbs share: how one is added to the command line, and where the runs are."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What a verb is added to."""

_PARAMETERS = "parameters:"


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


class _ParameterHelp(argparse.RawDescriptionHelpFormatter):
    """Lists parameters, which are looked up only where help is asked for."""

    def __init__(self, prog: str, settings: Callable[[], Any]):
        super().__init__(prog)
        self._settings = settings

    def add_text(self, text: str | None) -> None:
        if text == _PARAMETERS:
            from workbench.store.parameters import listing

            text = f"{text}\n{listing(self._settings())}"
        super().add_text(text)


def add_parameters(verb: argparse.ArgumentParser, settings: Callable[[], Any]) -> None:
    """Add the arguments of a verb that runs a notebook: its parameters, and where it is written.

    Parameters
    ----------
    verb
        To add to.
    settings
        Returns the settings that the parameters make, to be told of by ``--help``.
    """
    verb.epilog = _PARAMETERS
    verb.formatter_class = lambda prog: _ParameterHelp(prog, settings)
    verb.add_argument(
        "-p",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        dest="parameters",
        help="set a parameter, as papermill does",
    )
    verb.add_argument("notebook", nargs="?", type=Path, help="where to write the notebook that ran")


def add_outputs(verb: argparse.ArgumentParser) -> None:
    """Add the argument that names the folder of the runs."""
    verb.add_argument("--outputs", default="", help="folder of the runs; default: the project's")


def outputs_of(chosen: argparse.Namespace) -> Path:
    """Return the folder of the runs, as it was typed or else the project's."""
    from workbench.store.settings import SweepSettings, outputs_folder

    return outputs_folder(SweepSettings(outputs=chosen.outputs))
