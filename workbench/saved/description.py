"""What a saved model's folder says of itself beyond transformers' own files."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.store.atomic import write_json
from workbench.tasks.task import Shape

FILE = "workbench.json"

INPUTS = ("text", "pair", "words")
"""One text, two texts, or a text that is split into words."""


@dataclass(frozen=True)
class Description:
    """What reading new text needs to know, and which run the model is.

    Attributes
    ----------
    run, study
        Identity and name; empty for a model that was not saved here.
    inputs
        One of `INPUTS`.
    keep_first
        Whether a pair that is too long is cut in its second text alone: the first is a question.
    repeated
        How a later training of the run differed from its stored result; empty where it did not.
    """

    run: str = ""
    study: str = ""
    inputs: str = "text"
    keep_first: bool = False
    repeated: str = ""


def save_description(folder: Path, facts: Description) -> None:
    """Write the file into a model's folder."""
    write_json(folder / FILE, asdict(facts))


def read_description(folder: Path, per_token: bool = False) -> Description:
    """Read the file; a folder without one is read as any other model of transformers.

    Parameters
    ----------
    folder
        Of the model.
    per_token
        What a folder without the file holds.

    Raises
    ------
    WorkbenchError
        When the file is damaged, or says what this version does not know.
    """
    path = folder / FILE
    try:
        found = Description(**json.loads(path.read_text(encoding="utf8")))
    except FileNotFoundError:
        return Description(inputs="words" if per_token else "text")
    except (ValueError, TypeError, RecursionError):
        found = None
    if found is None or found.inputs not in INPUTS:
        raise WorkbenchError(
            f"the file {path} is damaged or of another version: save the model again"
        )
    return found


def inputs_of(shape: Shape) -> tuple[str, bool]:
    """Return the kind of a task's inputs, and whether a pair keeps its first text whole."""
    if shape.objective == "token":
        return "words", False
    texts = getattr(shape, "texts", ("text",))
    return "pair" if len(texts) > 1 else "text", shape.keep_first
