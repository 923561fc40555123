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
    if not is_task_file(text):
        return text
    try:
        return str(Path(text.strip()).expanduser().resolve())
    except (OSError, RuntimeError, ValueError):  # No path: whoever reads it says so.
        return text
