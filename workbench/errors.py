"""The one kind of error a user is meant to read, and the hint that mends a mistyped name."""

from collections.abc import Iterable
from difflib import get_close_matches


class WorkbenchError(Exception):
    """A problem the user can mend.

    Its text is one sentence that says what is wrong and how to mend it; the command line prints
    that sentence as the last line and exits with a status other than zero.
    """

    def _render_traceback_(self) -> list[str]:
        """Tell IPython to show the sentence alone: the way there says nothing to a user."""
        return [f"{type(self).__name__}: {self}"]


def unknown(kind: str, name: str, valid: Iterable[str]) -> WorkbenchError:
    """Build the error for a name that is not among the valid ones.

    Parameters
    ----------
    kind
        What the name was meant to be, such as ``"task"``.
    name
        What was typed.
    valid
        Every name that would have been accepted.

    Returns
    -------
    WorkbenchError
        One sentence with the nearest valid name, or all of them where none is near.

    Examples
    --------
    >>> str(unknown("task", "hco", ["hoc", "biosses"]))
    "there is no task 'hco': did you mean 'hoc'?"
    """
    names = sorted(valid)
    near = get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    if near:
        return WorkbenchError(f"there is no {kind} {name!r}: did you mean {near[0]!r}?")
    return WorkbenchError(f"there is no {kind} {name!r}: choose one of {', '.join(names)}")
