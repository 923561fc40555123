"""Telling a task file's path from a task's name; nothing is read."""

from pathlib import Path

ENDINGS = (".yaml", ".yml")


def is_task_file(text: str) -> bool:
    """Tell whether what a user typed as a task is the path of a task file."""
    return text.strip().lower().endswith(ENDINGS)


def absolute(text: str) -> str:
    """Return the one path of a task file: absolute, links resolved. Any other text stays as it is.

    Examples
    --------
    >>> absolute("hoc")
    'hoc'
    """
    return str(Path(text.strip()).expanduser().resolve()) if is_task_file(text) else text
