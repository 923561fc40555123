"""What can be chosen for a sweep, from the registries alone, and why a choice cannot work.

No widgets, no network: a model or a task that is added to its registry appears here by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, NoReturn

from huggingface_hub import constants

from workbench.analysis.published import DEFAULT_MODEL, published
from workbench.analysis.summary import metric_title
from workbench.errors import WorkbenchError
from workbench.models.catalogue import AUTO, BUNDLED, MODELS, PREFERRED, Model
from workbench.models.checkpoint import Checkpoint, local_folder
from workbench.store.settings import SweepSettings
from workbench.tasks import miniature
from workbench.tasks.catalogue import canonical, every, find
from workbench.tasks.loading import locate
from workbench.tasks.own.loading import is_here
from workbench.tasks.task import SPLITS, Task
from workbench.techniques import parse
from workbench.training.device import find_device, find_precision

_FAMILIES = {
    "bert": "BERT",
    "roberta": "RoBERTa",
    "electra": "ELECTRA",
    "distilbert": "DistilBERT",
    "modernbert": "ModernBERT",
    "deberta-v2": "DeBERTa",
}
_SIZES = ("small", "base", "large")

_ANY_DEPTH = 1000
"""Blocks of a model whose number is not known: a depth is not refused before it is."""

_yardstick = cache(published)


@dataclass(frozen=True)
class Option:
    """A model or a task that can be chosen."""

    name: str
    """What users type."""
    title: str
    """How the literature writes it."""
    group: str
    """The heading it stands under."""
    facts: tuple[str, ...]
    """What to know about it, in short phrases."""
    here: bool
    """Whether what it needs is on this machine."""
    problem: str = ""
    """Why it cannot be chosen now, in one sentence; empty where it can."""
    layers: int = 0
    """Blocks of a model; 0 for a task, and where the number is not known."""


def models(network: bool | None = None) -> list[Option]:
    """Return the catalogue's models by family and size, smaller ones first.

    Parameters
    ----------
    network
        Whether a model can be downloaded; by default unless ``HF_HUB_OFFLINE`` is set. Nothing is
        asked of the network either way.
    """
    families = list(dict.fromkeys(model.family for model in MODELS.values()))
    ordered = sorted(
        MODELS.values(), key=lambda one: (families.index(one.family), _SIZES.index(one.size))
    )
    return [_catalogued(model, _reachable(network)) for model in ordered]


def model_option(name: str, task: str, network: bool | None = None) -> Option:
    """Return what there is to know about a model as typed.

    Parameters
    ----------
    name
        ``auto``, a short name, a hub id or a folder.
    task
        As typed; it decides what ``auto`` stands for.
    network
        As for `models`.

    Raises
    ------
    WorkbenchError
        For an unknown name or task, or a folder that holds no checkpoint that can be trained.
    """
    if name == AUTO:
        return _automatic_option(task, _reachable(network))
    if name in MODELS:
        return _catalogued(MODELS[name], _reachable(network))
    folder, reason = _model_state(name, _reachable(network))
    if folder is None:
        return Option(name, name, "", (_UNKNOWN_SIZE,), False, reason)
    found = Checkpoint(name, folder, "")
    group = _group(found.family, found.size)
    facts = (_shape(found.layers, found.config["hidden_size"]), _place(folder))
    return Option(name, name, group, facts, True, layers=found.layers)


def tasks(model: str = DEFAULT_MODEL, network: bool | None = None) -> list[Option]:
    """Return the tasks, one entry for each of their named options, in the catalogue's order.

    Parameters
    ----------
    model
        Whose published score is the yardstick.
    network
        As for `models`.
    """
    return [
        _task(task, option, model, _reachable(network))
        for task in every()
        for option in task.options or ("",)
    ]


def task_option(name: str, model: str = DEFAULT_MODEL, network: bool | None = None) -> Option:
    """Return what there is to know about a task as typed, options after colons included.

    Raises
    ------
    WorkbenchError
        For an unknown name or option.
    """
    return _task(*find(name), model, _reachable(network))


def automatic(task: str) -> str:
    """Return the model that ``auto`` stands for when nothing is downloaded.

    Raises
    ------
    WorkbenchError
        For an unknown task.
    """
    if find(task)[0].synthetic or not local_folder(PREFERRED):
        return BUNDLED
    return PREFERRED


def settled(model: str, task: str, network: bool | None = None) -> str | None:
    """Return the model that will be trained; None where a download decides what ``auto`` is.

    Raises
    ------
    WorkbenchError
        For an unknown task.
    """
    if model != AUTO:
        return model
    name = automatic(task)
    undecided = name == BUNDLED and _reachable(network) and not find(task)[0].synthetic
    return None if undecided else name


def problem(settings: SweepSettings, network: bool | None = None) -> str:
    """Return why a choice cannot work, in one sentence; empty where nothing is known against it.

    Parameters
    ----------
    settings
        What is chosen.
    network
        As for `models`.
    """
    return _refusal(partial(_check, settings, network))


def to_download(settings: SweepSettings, network: bool | None = None) -> list[str]:
    """Return what a run of these settings would download first, in words.

    Raises
    ------
    WorkbenchError
        For a choice that cannot work.
    """
    wanted = [model_option(name, settings.task, network) for name in settings.model_names]
    wanted.append(task_option(settings.task, network=network))
    return [
        option.facts[0] if option.name == AUTO else option.title
        for option in wanted
        if not option.here
    ]


def device_problem(name: str) -> str:
    """Return why this machine cannot train on a device; empty where it can."""
    return _refusal(partial(find_device, name))


def _check(settings: SweepSettings, network: bool | None) -> None:
    options = [task_option(settings.task, network=network)]
    options += [model_option(name, settings.task, network) for name in settings.model_names]
    for option in options:
        if option.problem:
            raise WorkbenchError(option.problem)
    for option in options[1:]:
        for technique in settings.technique_names:
            parse(technique, option.layers or _ANY_DEPTH)
    find_precision(settings.precision, find_device(settings.device))


def _reachable(network: bool | None) -> bool:
    return not constants.HF_HUB_OFFLINE if network is None else network


def _automatic_option(task: str, network: bool) -> Option:
    """Describe what ``auto`` stands for; whether a download will succeed is not known before."""
    name = settled(AUTO, task, network)
    if name is None:
        preferred, other = MODELS[PREFERRED], MODELS[BUNDLED]
        told = (f"{preferred.title} if it can be had, else {other.title}", _download(preferred))
        return Option(AUTO, f"{AUTO}: {preferred.title}", "", told, False)
    found = _catalogued(MODELS[name], network)
    return replace(found, name=AUTO, title=f"{AUTO}: {found.title}")


def _catalogued(model: Model, network: bool) -> Option:
    folder, reason = _model_state(model.name, network)
    place = _download(model) if folder is None else _place(folder)
    facts = (_shape(model.layers, model.hidden), place)
    group = _group(model.family, model.size)
    here = folder is not None
    return Option(model.name, model.title, group, facts, here, reason, layers=model.layers)


def _group(family: str, size: str) -> str:
    return f"{_FAMILIES.get(family, family)}, {size}"


def _shape(layers: int, hidden: int) -> str:
    return f"{layers} blocks of width {hidden}"


_UNKNOWN_SIZE = "to download; how much is known then"


def _place(folder: Path) -> str:
    return f"on this machine, {_gigabytes(_bytes_in(folder))}"


def _download(model: Model) -> str:
    """Tell the least a download can take.

    Its exact size depends on the vocabulary, whose size no source at hand gives for every model,
    and the hub is asked nothing before Run.
    """
    return f"to download, at least {_gigabytes(_block_bytes(model))} (its blocks alone)"


def _model_state(name: str, network: bool) -> tuple[Path | None, str]:
    """Return the folder of a model on this machine, and why it cannot be had."""
    try:
        folder = local_folder(name)
    except WorkbenchError as refusal:
        if name == BUNDLED:
            return None, str(refusal)
        raise
    if folder or network:
        return folder, ""
    return None, (
        f"the model {name!r} is not on this machine and there is no network to download it: "
        f"connect, give a folder, or choose {BUNDLED!r}"
    )


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _block_bytes(model: Model) -> int:
    """Return what the blocks take in 32-bit numbers; the vocabulary's size is not known here.

    A block of the three families is twelve square matrices and thirteen vectors of its width
    (`workbench.models.size`, where the inner width is four times the hidden one).
    """
    return 4 * model.layers * (12 * model.hidden**2 + 13 * model.hidden)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB"


def _task(task: Task, option: str, model: str, network: bool) -> Option:
    here, reason = _task_state(task, network)
    facts = [_size(task, option), metric_title(task.metric)]
    yardstick = _yardstick(task.name, model)
    if yardstick is not None:
        facts.append(f"published: {yardstick.label} ({yardstick.source})")
    title = f"{task.title}, {option}" if option else task.title
    group = f"generated {task.type}" if task.synthetic else task.type
    return Option(canonical(task, option), title, group, tuple(facts), here, reason)


def _size(task: Task, option: str) -> str:
    if task.own:
        return f"counted when {task.own} is read"
    made = miniature.Settings.parse(task.name, option) if task.synthetic else None
    counts = tuple(map(made.units, SPLITS)) if made else task.counts
    # What is generated is counted before it is known how many mentions a sentence has.
    unit = "examples" if made else task.unit
    return f"{' / '.join(f'{count:,}' for count in counts)} {unit} in train, dev and test"


def _task_state(task: Task, network: bool) -> tuple[bool, str]:
    """Tell whether a task's data is on this machine, and why it cannot be read."""
    if task.synthetic:
        return True, ""
    if task.own:
        return _own_state(task.own, network)
    opened = _would_download if network else _no_network
    try:
        locate(task, open_url=opened)
    except _WouldDownload:
        return False, ""
    except WorkbenchError as refusal:
        return False, str(refusal)
    return True, ""


def _own_state(path: Path, network: bool) -> tuple[bool, str]:
    here = is_here(path)
    absent = "" if here or network else f"the data of {path} is on the hub: connect to download it"
    return here, absent


class _WouldDownload(Exception):
    """A file is not here, but it can be downloaded."""


def _would_download(url: str) -> NoReturn:
    raise _WouldDownload


def _no_network(url: str) -> NoReturn:
    raise OSError("there is no network")


def _refusal(attempt: Callable[[], Any]) -> str:
    """Return the sentence that something is refused with; empty where it is not."""
    try:
        attempt()
    except WorkbenchError as refusal:
        return str(refusal)
    return ""
