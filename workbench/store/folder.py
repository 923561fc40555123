"""The run folder: one folder a run, named by its identity, whose result is written last.

``result.json`` says that a run is finished. It carries the run's identity, the size and SHA-256 of
the predictions and a checksum over itself, so a folder that was damaged is recognised, and is then
simply computed again. Timings live in a file of their own: everything else is byte-identical for
equal inputs.
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from safetensors import numpy as safetensors

from workbench.errors import WorkbenchError
from workbench.spec import ID_LENGTH, RunSpec, canonical_json, identity
from workbench.store.atomic import explained, make_folder, write_bytes, write_json
from workbench.store.locks import locks_folder
from workbench.store.plain import plain

SPEC, EVENTS, PREDICTIONS, TIMINGS, RESULT = (
    "spec.json",
    "events.jsonl",
    "predictions.safetensors",
    "timings.json",
    "result.json",
)
_ENVELOPE = ("run", "predictions", "checksum")


class RunStore:
    """The runs under one outputs folder.

    Parameters
    ----------
    root
        The outputs folder; created where it is missing.

    Raises
    ------
    WorkbenchError
        When it is a file or cannot be written.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).absolute()
        self.locks = locks_folder(self.root)
        self._runs = str(self.root / "runs")
        with explained(self.root):
            make_folder(self.root)
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise WorkbenchError(
                f"cannot write {self.root}: change its permissions or choose another outputs folder"
            )

    def folder(self, run_id: str) -> Path:
        """Return the folder of a run, which need not exist."""
        return self.root / "runs" / checked_name(run_id)

    def file(self, run_id: str, name: str) -> str:
        """Return the path of a file of a run, which need not exist."""
        # As text: of thousands of runs, joining paths would take longer than reading the files.
        return f"{self._runs}/{checked_name(run_id)}/{name}"

    def events_path(self, run_id: str) -> Path:
        """Return the path of a run's event log."""
        return self.folder(run_id) / EVENTS

    def lock_path(self, run_id: str) -> Path:
        """Return the path of the file whose lock the worker on a run holds."""
        return self.locks / f"{checked_name(run_id)}.lock"

    def run_ids(self) -> list[str]:
        """Return the identities of all runs that have a folder, sorted."""
        folder = self.root / "runs"
        return sorted(filter(is_run_id, os.listdir(folder))) if folder.is_dir() else []

    def begin(self, spec: RunSpec) -> Path:
        """Create a run's folder with its specification, and return the folder.

        Live views read the technique and the seed of an unfinished run from it.
        """
        folder = self.folder(spec.id)
        if self.spec_json(spec.id) is None:
            write_json(folder / SPEC, spec.to_json())
        return folder

    def finish(
        self,
        spec: RunSpec,
        result: dict[str, Any],
        predictions: dict[str, np.ndarray],
        timings: dict[str, Any],
    ) -> None:
        """Write what a run leaves: its specification, predictions, timings, and last its result.

        A finished run is left as it is; a damaged one is written over.

        Parameters
        ----------
        spec
            The run.
        result
            Scores and history; floats that are not finite become null.
        predictions
            Arrays of numbers or booleans by name.
        timings
            What differs from one computation to the next: seconds, dates, hosts.

        Raises
        ------
        WorkbenchError
            When a file cannot be written.
        ValueError
            When the result uses a key that the folder itself writes.
        """
        if clash := result.keys() & set(_ENVELOPE):
            raise ValueError(f"the result may not use the key {sorted(clash)[0]!r}")
        if self.finished(spec.id):
            return
        folder, content = self.folder(spec.id), _predictions_to_bytes(predictions)
        # A damaged result must not come to stand beside predictions it was not made with.
        with explained(folder / RESULT):
            (folder / RESULT).unlink(missing_ok=True)
        write_json(folder / SPEC, spec.to_json())
        write_bytes(folder / PREDICTIONS, content)
        write_json(folder / TIMINGS, timings)
        write_json(folder / RESULT, _sealed(spec.id, plain(result), content))

    def agrees(
        self, spec: RunSpec, result: dict[str, Any], predictions: dict[str, np.ndarray]
    ) -> bool:
        """Tell whether a repeated computation left what is stored, to the byte."""
        sealed = _sealed(spec.id, plain(result), _predictions_to_bytes(predictions))
        return self.finished(spec.id) and self.result(spec.id) == sealed

    def result(self, run_id: str) -> dict[str, Any] | None:
        """Return a run's result, or None when it is absent or damaged (a quick check).

        The predictions are checked by their size alone; see `finished` for the thorough check.
        """
        content = _read_json(self.file(run_id, RESULT))
        return None if content is None or self._fault(run_id, content) else content

    def finished(self, run_id: str) -> bool:
        """Tell whether a run is finished, every byte checked."""
        return (self.folder(run_id) / RESULT).exists() and self.damaged(run_id) is None

    def damaged(self, run_id: str) -> str | None:
        """Say why the folder of a finished run is damaged.

        Returns
        -------
        str or None
            What is wrong, such as ``"its result is unreadable"``; None for an intact run and for
            one that has no result yet.
        """
        path = self.folder(run_id) / RESULT
        if not path.exists():
            return None
        content = _read_json(path)
        if content is None:
            return "its result is unreadable"
        if fault := self._fault(run_id, content):
            return fault
        if self.spec_json(run_id) is None:
            return "its specification is missing or is another run's"
        stored = (self.folder(run_id) / PREDICTIONS).read_bytes()
        if hashlib.sha256(stored).hexdigest() != content["predictions"]["sha256"]:
            return "its predictions have changed"
        return None

    def missing(self, run_ids: Iterable[str]) -> list[str]:
        """Return the runs that are not finished, in the order given."""
        return [run_id for run_id in run_ids if not self.finished(run_id)]

    def spec_json(self, run_id: str) -> dict[str, Any] | None:
        """Return a run's specification as stored, or None when it is absent or another run's."""
        content = _read_json(self.file(run_id, SPEC))
        if content is None:
            return None
        return content if identity(content) == run_id else None

    def spec(self, run_id: str) -> RunSpec:
        """Return a run's specification.

        Raises
        ------
        WorkbenchError
            When it is absent, damaged, or of a version whose results are not comparable.
        """
        content = self.spec_json(run_id)
        if content is None:
            raise WorkbenchError(f"run {run_id} has no intact specification: start its study again")
        return RunSpec.from_json(content)

    def predictions(self, run_id: str) -> dict[str, np.ndarray]:
        """Return a finished run's predictions by name.

        Raises
        ------
        WorkbenchError
            When the run is unfinished or damaged.
        """
        if not self.finished(run_id):
            fault = self.damaged(run_id) or "it is not finished"
            raise WorkbenchError(
                f"run {run_id} has no predictions because {fault}: start its study again"
            )
        return safetensors.load((self.folder(run_id) / PREDICTIONS).read_bytes())

    def timings(self, run_id: str) -> dict[str, Any]:
        """Return a run's timings, empty where there are none."""
        return _read_json(self.file(run_id, TIMINGS)) or {}

    def _fault(self, run_id: str, content: dict[str, Any]) -> str | None:
        """Say what is wrong with a parsed result, looking at no more than sizes."""
        rest = {key: value for key, value in content.items() if key != "checksum"}
        if content.get("checksum") != _checksum(rest):
            return "its result has changed"
        if content.get("run") != run_id:
            return "its result is another run's"
        try:
            size = os.stat(self.file(run_id, PREDICTIONS)).st_size
        except OSError:
            return "its predictions are missing"
        return None if size == content["predictions"]["bytes"] else "its predictions have changed"


def is_run_id(name: str) -> bool:
    """Tell whether a name has the form of a run's identity: 16 hexadecimal digits."""
    return re.fullmatch(f"[0-9a-f]{{{ID_LENGTH}}}", name) is not None


def checked_name(name: str) -> str:
    """Return a name that is safe as a file's.

    Raises
    ------
    WorkbenchError
        When it holds anything but letters, digits, ``_``, ``-`` and dots inside.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", name):
        raise WorkbenchError(
            f"{name!r} is not the name of a run: use letters, digits, '-' and '_' only"
        )
    return name


def _sealed(run_id: str, result: dict[str, Any], predictions: bytes) -> dict[str, Any]:
    """Return a result with what ties it to its run and its predictions."""
    facts = {"sha256": hashlib.sha256(predictions).hexdigest(), "bytes": len(predictions)}
    content = result | {"run": run_id, "predictions": facts}
    return content | {"checksum": _checksum(content)}


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _predictions_to_bytes(predictions: dict[str, np.ndarray]) -> bytes:
    """Return the one safetensors file of some arrays, whatever their order in memory."""
    # The library fixes the order in the file but takes a transposed array's bytes as they lie.
    arrays = {name: np.asarray(value, order="C") for name, value in predictions.items()}
    return safetensors.save(arrays)


def _read_json(path: Path | str) -> dict[str, Any] | None:
    """Read a JSON object with finite numbers; None when it is absent or anything else."""
    try:
        with open(path, "rb") as file:
            content = _DECODER.decode(file.read().decode())
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse(number)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


# Made once: of small files, making one takes as long as reading.
_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
