"""The figure that is watched while a study trains: one widget, panels of lines that grow.

The page draws with plotly.js as the plotly package ships it. That library (4.8 MB, 1.4 MB
compressed) and all points travel as messages, when a page asks: the widget's state, which a saved
notebook may hold, is the few kilobytes of ``live.js`` and ``live.css``. A page that was loaded
anew asks for everything; so does one that finds, by the number each message carries, that it missed
one. The test scores are a panel of their own, which comes when the study is complete.
"""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import anywidget
from plotly.graph_objects import Figure

from workbench.notebook.figures import static
from workbench.notebook.page.plotly_library import library, script
from workbench.notebook.watching.follow import Follower
from workbench.notebook.watching.lines import Lines, Points, packed

PACE = 0.2
"""The shortest time between two messages with points, seconds."""


class LiveFigure(anywidget.AnyWidget):
    """The live figure of a study; one widget for all studies of a notebook.

    Parameters
    ----------
    clock
        Seconds that never run backwards.
    """

    _esm = script(Path(__file__).with_suffix(".js"))
    _css = Path(__file__).with_name("live.css")

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        super().__init__()
        self._clock, self._lock = clock, Lock()
        self._lines: Lines | None = None
        self._result: dict[str, Any] | None = None
        self._sent_at = float("-inf")
        self._number, self._alarm = 0, ""
        self.on_msg(self._answer)

    def show(self, follower: Follower) -> None:
        """Send what a follower has read since the last time, at most every `PACE` seconds.

        Call it after every look, also where that found nothing new: what came too soon after the
        last message goes with the next call. Any thread may call it.

        Parameters
        ----------
        follower
            Another one than the last time starts the figure anew.
        """
        with self._lock:
            if self._lines is None or self._lines.follower is not follower:
                self._lines, self._result = Lines(follower), None
                self._send_everything(self._lines)
            elif follower.finished or self._clock() - self._sent_at >= PACE:
                self._send_changes(self._lines)

    def conclude(self, follower: Follower, figure: Figure) -> None:
        """Show the scores of a complete study below its lines.

        Parameters
        ----------
        follower
            The study's; nothing happens when another one is shown by now.
        figure
            The scores.
        """
        with self._lock:
            if self._lines is not None and self._lines.follower is follower:
                self._result = static.plain(figure) | {"words": static.alt_text(figure)}
                self.send({"kind": "result", "result": self._result})

    def _answer(self, _: Any, content: Any, buffers: Any) -> None:
        """Answer a page, which asks for the library and then for everything."""
        asked = content.get("kind")
        if asked == "library":
            self.send({"kind": "library"}, [library()])
        if asked == "everything":
            with self._lock:
                if self._lines is not None:
                    self._send_everything(self._lines)
                else:
                    self.send({"kind": "nothing"})

    def _send_everything(self, lines: Lines) -> None:
        self._send_points({"figure": lines.figure()}, lines.everything(), lines)
        if self._result:
            self.send({"kind": "result", "result": self._result})

    def _send_changes(self, lines: Lines) -> None:
        points = lines.changes()
        if points or lines.alarm() != self._alarm:
            self._send_points({}, points, lines)

    def _send_points(self, content: dict[str, Any], points: list[Points], lines: Lines) -> None:
        self._number, self._alarm, self._sent_at = self._number + 1, lines.alarm(), self._clock()
        heads, buffers = packed(points, lines.keys)
        content |= {"kind": "points", "number": self._number, "alarm": self._alarm}
        self.send(content | heads, buffers)
