"""A list and a button that keep models of a finished study.

What was not kept is trained again, in a process of its own: the page stays alive meanwhile, and the
kernel loads no network.
"""

import html
import subprocess
import sys
import threading
from collections.abc import Callable
from tempfile import TemporaryFile

import ipywidgets

from workbench.saved.place import technique
from workbench.store.folder import RunStore
from workbench.store.study import Study

_TOOLTIP = (
    "Keep it as a folder that transformers loads; what was not kept in training is trained again"
)


class ModelSaver:
    """The control beside the files of a finished study.

    Parameters
    ----------
    store, study
        Whose models are kept.
    say
        Given what happens, as HTML, with the role of the message: status or alert.

    Attributes
    ----------
    widget
        To be displayed.
    which, button
        The list of what can be kept, and the button that does it; it is off until `enable`.
    """

    def __init__(self, store: RunStore, study: Study, say: Callable[[str, str], None]):
        self._store, self._study, self._say = store, study, say
        techniques = dict.fromkeys(technique(spec) for spec in study.specs)
        self.which = ipywidgets.Dropdown(
            options=[
                ("the best of each technique, by dev", "best"),
                *((f"the best of {name}, by dev", name) for name in techniques),
                ("every one", "every"),
            ],
            description="model",
            layout={"width": "30em", "max_width": "100%"},
        )
        self.button = ipywidgets.Button(
            description="Save model", tooltip=_TOOLTIP, icon="save", disabled=True
        )
        self.button.on_click(lambda _: self._start())
        self.widget = ipywidgets.HBox([self.which, self.button], layout={"flex_flow": "row wrap"})
        self._thread = threading.Thread()

    @property
    def widgets(self) -> list[ipywidgets.Widget]:
        """All of them, to be closed together."""
        return [self.which, self.button, self.widget]

    def enable(self) -> None:
        """Let the button be pressed: the study is complete."""
        self.button.disabled = False

    def wait(self) -> None:
        """Wait until what was asked for is done."""
        self._thread.join()

    def _start(self) -> None:
        self.button.disabled = True
        self._thread = threading.Thread(target=self._save, daemon=True)
        self._thread.start()

    def _save(self) -> None:
        try:
            self._run()
        finally:
            self.button.disabled = False

    def _run(self) -> None:
        """Say each line of the command as it comes, and its last one where it fails."""
        # Not a second pipe: progress would fill it, and the command wait for ever to be read.
        with TemporaryFile("w+") as errors:
            with subprocess.Popen(
                self._command(), stdout=subprocess.PIPE, stderr=errors, text=True
            ) as process:
                assert process.stdout
                lines: list[str] = []
                for line in process.stdout:
                    lines.append(f"<div>{html.escape(line)}</div>")
                    self._say("".join(lines), "status")
            if process.returncode:
                errors.seek(0)
                self._say(html.escape(_last_line(errors.read())), "alert")

    def _command(self) -> list[str]:
        words = [sys.executable, "-u", "-m", "workbench", "save", self._study.name]
        return [*words, "--which", self.which.value, "--outputs", str(self._store.root)]


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it was ended"
