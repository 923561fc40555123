"""The set-up cell of the notebooks in Colab: installs, mounts Drive, and says what it found.

The cell clones the project and imports this file from the clone, before anything is installed:
only the standard library may be imported at the top.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from importlib import invalidate_caches, metadata
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.store.settings import project_root

DISTRIBUTION = "biomedical-finetuning-workbench"
FROZEN = ("torch", "numpy", "pandas")
"""What the session has in the versions that fit its GPU and each other: never replaced."""

KERNEL = ("ipykernel", "ipython", "jupyter_client", "pyzmq", "tornado", "traitlets")
"""What the running kernel is made of: replacing it would cut the session's connection."""

_replaced: list[str] = []
"""What was replaced while this session had it loaded: only a restart, which empties this, helps."""

_RUNTIME = "choose another under Runtime > Change runtime type"


def set_up(keep_on_drive: bool = False) -> None:
    """Make the notebook ready in Colab, and print what was found. A second call is quick.

    Parameters
    ----------
    keep_on_drive
        Whether runs and reports go to Google Drive, where they outlive the session.

    Raises
    ------
    WorkbenchError
        When the session's versions do not fit, the installation fails, the session must be
        restarted, or Drive cannot be mounted.
    """
    from google.colab import output

    root = project_root()
    outputs = _mount(root.parent / "drive") if keep_on_drive else None
    if _version(DISTRIBUTION) is None:
        _check_versions(root)
        _install(root)
    _check_replaced()
    output.enable_custom_widget_manager()
    if outputs is None:
        os.environ.pop("WORKBENCH_OUTPUTS", None)
    else:
        os.environ["WORKBENCH_OUTPUTS"] = str(outputs)
    print(device_sentence())
    print(outputs_sentence(outputs))


def _mount(place: Path) -> Path:
    """Mount Google Drive, where it is not mounted yet; return the folder for outputs on it."""
    from google.colab import drive

    try:
        drive.mount(str(place))
    except Exception as problem:
        raise WorkbenchError(
            f"Google Drive cannot be mounted ({problem}): allow it in the window that asks, or "
            "untick keep_on_drive"
        ) from problem
    return place / "MyDrive" / "workbench"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def constraints(names: Iterable[str] = (*FROZEN, *KERNEL)) -> list[str]:
    """Return lines for ``pip install -c`` that keep packages as the session has them.

    Examples
    --------
    >>> constraints(["no-such-package"])
    []
    """
    found = {name: _version(name) for name in names}
    return [f"{name}=={version}" for name, version in found.items() if version]


def _check_versions(root: Path) -> None:
    """Refuse a session that the constraints cannot work in, before pip tries for minutes."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf8"))["project"]
    needed = {item.name: item.specifier for item in map(Requirement, project["dependencies"])}
    needed["Python"] = SpecifierSet(project["requires-python"])
    versions = {name: _version(name) for name in FROZEN} | {"Python": sys.version.split()[0]}
    for name, version in versions.items():
        if version and not needed[name].contains(version, prereleases=True):
            raise WorkbenchError(
                f"this session has {name} {version}, and the workbench needs {name}"
                f"{needed[name]}: {_RUNTIME}"
            )


def _install(root: Path) -> None:
    """Install the clone with what it needs beside what the session has."""
    print(f"Installing; {', '.join(constraints(FROZEN))} stay as they are.", flush=True)
    before = _imported()
    with tempfile.TemporaryDirectory() as folder:
        frozen = Path(folder) / "constraints.txt"
        frozen.write_text("\n".join(constraints()) + "\n")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("-c", str(frozen), "-e", f"{root}[offline]"),
            ],
            capture_output=True,
            text=True,
        )
    if done.returncode:
        reason = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise WorkbenchError(f"the installation failed: run this cell again, or see why:\n{reason}")
    invalidate_caches()
    _replaced[:] = sorted(name for name, version in before.items() if _version(name) != version)


def _imported() -> dict[str, str]:
    """Return the versions of the distributions of which this session has imported something."""
    names = {
        name
        for module, distributions in metadata.packages_distributions().items()
        if module in sys.modules
        for name in distributions
    }
    return {name: version for name in names if (version := _version(name))}


def _check_replaced() -> None:
    if _replaced:
        raise WorkbenchError(
            f"{', '.join(_replaced)} had been loaded before another version was installed: choose "
            "Runtime > Restart session, then run this cell again"
        )


def device_sentence() -> str:
    """Say which GPU there is and at which precision it trains, or that there is none."""
    import torch

    from workbench.training.device import find_device, find_precision

    device = find_device()
    precision = find_precision("auto", device)
    if device.type != "cuda":
        return (
            f"No GPU in this session: training runs on the CPU in {precision}, which is slow. "
            "For a GPU choose one under Runtime > Change runtime type, and run this cell again."
        )
    scaling = " with loss scaling" if precision == "float16" else ""
    return f"GPU: {torch.cuda.get_device_name(device)}, trains in {precision}{scaling}."


def outputs_sentence(outputs: Path | None) -> str:
    """Say where runs and reports go, and which studies wait there to be gone on with.

    Raises
    ------
    WorkbenchError
        When the folder cannot be written.
    """
    if outputs is None:
        return "Runs are lost with the session: tick keep_on_drive to keep them on Google Drive."
    kept = f"Runs and reports are kept in {outputs}: train there in one session at a time."
    waiting = unfinished_studies(outputs)
    if not waiting:
        return kept
    return (
        f"{kept} Not finished there: {', '.join(waiting)}. To go on with one, attach to it in the "
        "list of studies and press Resume, or run the sweep with its parameters again."
    )


def unfinished_studies(outputs: Path) -> list[str]:
    """Return the names of the readable studies in an outputs folder that miss runs."""
    from workbench.store.folder import RunStore
    from workbench.store.study import load_study, study_names

    store, found = RunStore(outputs), []
    for name in study_names(store):
        try:
            runs = load_study(store, name).run_ids
        except WorkbenchError:
            continue
        if any(store.result(run) is None for run in runs):
            found.append(name)
    return found
