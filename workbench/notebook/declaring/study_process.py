"""A declared study that is carried out by a process of its own, which outlives page and kernel.

The process is the command line's ``study``, and what it prints goes to a log. Whatever there is to
know is read from that log and from the list of processes, so a kernel that was started again knows
as much as the one that started it.
"""

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from workbench.protocol.stages import Machine
from workbench.store.atomic import explained, make_folder

NOT_STARTED, RUNNING, ENDED, FINISHED = "not started", "running", "ended", "finished"

_REPORT = "Report: "
"""With this begins the last line of a study that is complete."""

_MOMENT = 0.01
"""Seconds between two looks for a process that has just been started."""

_TAIL = 4096
"""Bytes at the end of a log that its last line is looked for in."""


@dataclass(frozen=True)
class StudyState:
    """How far a study is.

    Attributes
    ----------
    state
        `NOT_STARTED`, `RUNNING`, `ENDED` (before it was complete) or `FINISHED`.
    line
        The last thing it said: its progress, or why it ended.
    """

    state: str
    line: str = ""

    @property
    def report(self) -> Path | None:
        """The report; None as long as anything is missing."""
        return Path(self.line.removeprefix(_REPORT)) if self.state == FINISHED else None


@dataclass(frozen=True)
class StudyProcess:
    """What carries out one study.

    Attributes
    ----------
    study
        The path of its file, or the name of a shipped study.
    machine
        Where it is trained; ``outputs`` must be an absolute folder.
    """

    study: str
    machine: Machine

    @property
    def log(self) -> Path:
        """What it prints."""
        return Path(self.machine.outputs, "declared", f"{Path(self.study).stem}.log")

    @property
    def state(self) -> StudyState:
        """How far it is now."""
        # Before the log is read: what ends in between has said its last word by then.
        running = bool(self._processes())
        line = self._last_line()
        if running:
            return StudyState(RUNNING, line)
        if not line or self._is_newer():
            return StudyState(NOT_STARTED)
        return StudyState(FINISHED if line.startswith(_REPORT) else ENDED, line)

    def start(self) -> None:
        """Carry it out, or go on with it; nothing happens where it runs already.

        Raises
        ------
        WorkbenchError
            When its log cannot be written.
        """
        if self._processes():
            return
        make_folder(self.log.parent)
        with explained(self.log), self.log.open("wb") as log:
            child = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A session of its own: closing the notebook does not end it.
                start_new_session=True,
            )
        # For a moment its command line cannot be read: it would be taken for ended.
        while child.poll() is None and not self._processes():
            time.sleep(_MOMENT)

    @property
    def command(self) -> list[str]:
        """What carries it out."""
        words = [sys.executable, "-u", "-m", "workbench", "study", self.study]
        machine = self.machine
        words += ["--device", machine.device, "--workers", str(machine.workers)]
        return [*words, "--outputs", machine.outputs]

    def stop(self) -> None:
        """Ask it to have its workers save checkpoints, and to end."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.terminate()

    def _processes(self) -> list[psutil.Process]:
        """Return the process that writes the log, whoever started it."""
        log = os.path.realpath(self.log)
        found = [each for each in psutil.process_iter(["cmdline"]) if _is_study(each)]
        return [process for process in found if _writes(process, log)]

    def _is_newer(self) -> bool:
        """Tell whether the study file was changed after what the log tells of."""
        with suppress(OSError):  # A shipped study is no file here, and stays as it is.
            return Path(self.study).stat().st_mtime > self.log.stat().st_mtime
        return False

    def _last_line(self) -> str:
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - _TAIL))
                lines = log.read().decode(errors="replace").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _is_study(process: psutil.Process) -> bool:
    words = process.info["cmdline"] or []
    return ("workbench", "study") in pairwise(words)


def _writes(process: psutil.Process, path: str) -> bool:
    with suppress(psutil.Error):  # It has ended, or is another user's.
        return any(file.path == path for file in process.open_files())
    return False
