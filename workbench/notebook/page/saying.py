"""Short texts in HTML, in JupyterLab's own colours."""

from collections.abc import Iterable
from html import escape

_LONGEST = 50
"""Letters of a line's heading."""

SEPARATOR = " \N{MIDDLE DOT} "


def muted(parts: Iterable[str], tooltip: str = "") -> str:
    """Write phrases on one line, in small grey letters."""
    title = f' title="{escape(tooltip)}"' if tooltip else ""
    words = SEPARATOR.join(escape(part) for part in parts if part)
    return f'<div class="workbench-muted"{title}>{words}</div>'


def trouble(sentence: str, alert: bool = False) -> str:
    """Write a problem; an alert is read aloud by a screen reader when it appears."""
    role = ' role="alert"' if alert else ""
    return f'<div class="workbench-problem"{role}>{escape(sentence)}</div>'


def plan(text: str) -> str:
    """Write a plan line by line; it is read aloud when it changes."""
    lines = "".join(f"<div>{_line(line)}</div>" for line in text.splitlines())
    return f'<div class="workbench-plan" role="status">{lines}</div>'


def _line(text: str) -> str:
    """Set what stands before a line's colon in bold; a longer part is a sentence."""
    start, colon, rest = text.partition(": ")
    if not colon or len(start) > _LONGEST:
        return escape(text)
    return f"<b>{escape(start)}:</b> {escape(rest)}"
