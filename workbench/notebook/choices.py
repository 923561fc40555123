"""What can be chosen for a sweep, from the registries alone, and why a choice cannot work.

No widgets, no network: a model, a task or a technique that is added to its registry appears here
by itself, with the ranges that its own validation accepts.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from inspect import cleandoc
from math import floor, log10
from pathlib import Path
from typing import Any, NoReturn

from huggingface_hub import constants

from workbench.analysis.published import DEFAULT_MODEL, TASK_TITLES, published
from workbench.analysis.summary import metric_title
from workbench.errors import WorkbenchError, unknown
from workbench.models import checkpoint
from workbench.models.catalogue import AUTO, BUNDLED, MODELS, PREFERRED, Model
from workbench.models.checkpoint import Checkpoint, bundled
from workbench.tasks import files, miniature
from workbench.tasks.catalogue import TASKS, canonical, find
from workbench.tasks.loading import SHAPES, load
from workbench.tasks.task import SPLITS, Recipe, Task
from workbench.techniques import BASELINE, Technique, parse, registry

_FAMILIES = {"bert": "BERT", "roberta": "RoBERTa", "electra": "ELECTRA"}
_SIZES = ("small", "base", "large")
_FARTHEST = 1 << 20
"""Steps from a default after which a setting counts as unbounded."""


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
    """Blocks of a model; 0 for a task."""


@dataclass(frozen=True)
class Setting:
    """One setting of a technique.

    ``low`` and ``high`` are the ends of the range that is accepted, in multiples of ``step``; None
    is an end that was not found.
    """

    name: str
    help: str
    default: int | float | str
    step: float = 0
    """0 for a setting that is no number."""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    """The accepted words; empty for a number and for free text."""


@dataclass(frozen=True)
class Switch:
    """A technique that can be switched on, with its settings."""

    name: str
    summary: str
    help: str
    """What it does, in full."""
    source: str
    """The paper the definition comes from."""
    settings: tuple[Setting, ...]
    problem: str = ""
    """Why this model cannot have it; empty where it can."""

    def typed(self, values: Mapping[str, int | float | str]) -> str:
        """Write the technique as users type it; a setting left out is at its default."""
        texts = [str(values.get(item.name, item.default)) for item in self.settings]
        return ":".join([self.name, *texts])


@dataclass(frozen=True)
class Preset:
    """A choice that a source recommends for a task and a model."""

    title: str
    technique: str
    """As users type it."""
    source: str
    note: str
    """What the source does not say."""
    recipe: Recipe | None = None
    """Batch size, learning rate and epochs; None for a model whose size is not known yet."""


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
    return [_model(model, _reachable(network)) for model in ordered]


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
        for task in TASKS.values()
        for option in task.options or ("",)
    ]


def techniques(layers: int) -> list[Switch]:
    """Return the techniques for a model of so many blocks, by name."""
    return [_switch(kind, layers) for _, kind in sorted(registry().items())]


def presets(task: str, model: str) -> list[Preset]:
    """Return the baseline and what sources recommend for a task and a model.

    Parameters
    ----------
    task, model
        As users type them. A model outside the catalogue has the baseline alone.

    Raises
    ------
    WorkbenchError
        For an unknown task.
    """
    facts = find(task)[0]
    known = MODELS.get(automatic(task) if model == AUTO else model)
    if known is None:
        return [Preset("Baseline", BASELINE, _recipe_source(facts, None), "")]
    recipe = facts.recipes[known.size]
    baseline = Preset("Baseline", BASELINE, _recipe_source(facts, known), "", recipe)
    claims = [claim for claim in _CLAIMS if claim.covers(facts, known)]
    return [baseline, *(claim.preset(known, recipe) for claim in claims)]


def automatic(task: str) -> str:
    """Return the model that ``auto`` stands for when nothing is downloaded.

    Raises
    ------
    WorkbenchError
        For an unknown task.
    """
    if find(task)[0].synthetic or not checkpoint._cached(MODELS[PREFERRED].location):
        return BUNDLED
    return PREFERRED


def layers_of(model: str) -> int | None:
    """Return a model's number of blocks; None for a hub id that is not on this machine.

    Raises
    ------
    WorkbenchError
        For an unknown name, or a folder that holds no checkpoint of a family that can be trained.
    """
    if model in MODELS:
        return MODELS[model].layers
    folder = Path(model).expanduser()
    if folder.is_dir():
        return Checkpoint(model, folder, "").layers
    if model.count("/") != 1 or model.startswith((".", "/", "~")):
        raise unknown("model", model, [AUTO, *MODELS])
    found = checkpoint._cached(model)
    return None if found is None else Checkpoint(model, found, "").layers


def composed(parts: Sequence[str], layers: int) -> str:
    """Join techniques that are switched on into one label, such as ``freeze:3+layerwise:0.9``.

    Raises
    ------
    WorkbenchError
        When they cannot work together, or one not with this model.
    """
    return parse("+".join(parts) or BASELINE, layers).label


def problem(task: str, model: str, technique: str, network: bool | None = None) -> str:
    """Return why a combination cannot work, in one sentence; empty where nothing is known against.

    Parameters
    ----------
    task, model, technique
        As users type them.
    network
        As for `models`.
    """
    try:
        facts = find(task)[0]
        name = automatic(task) if model == AUTO else model
        layers = layers_of(name)
        reason = _task_state(facts, _reachable(network))[1]
        reason = reason or _model_state(name, _reachable(network))[1]
        if not reason and layers is not None:
            parse(technique, layers)
    except WorkbenchError as refusal:
        return str(refusal)
    return reason


def _reachable(network: bool | None) -> bool:
    return not constants.HF_HUB_OFFLINE if network is None else network


def _model(model: Model, network: bool) -> Option:
    folder, reason = _model_state(model.name, network)
    group = f"{_FAMILIES.get(model.family, model.family)}, {model.size}"
    if folder:
        place = f"on this machine, {_gigabytes(_bytes_in(folder))}"
    else:
        place = f"not on this machine; its blocks alone take {_gigabytes(_block_bytes(model))}"
    facts = (f"{model.layers} blocks of width {model.hidden}", place)
    return Option(
        model.name, model.title, group, facts, folder is not None, reason, layers=model.layers
    )


def _model_state(name: str, network: bool) -> tuple[Path | None, str]:
    """Return the folder of a model on this machine, and why it cannot be had."""
    if name == BUNDLED:
        try:
            return bundled().folder, ""
        except WorkbenchError as refusal:
            return None, str(refusal)
    if name not in MODELS and Path(name).expanduser().is_dir():
        return Path(name).expanduser(), ""
    folder = checkpoint._cached(MODELS[name].location if name in MODELS else name)
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
    yardstick = published(task.name, model)
    facts = [f"{_size(task)} in train, dev and test", metric_title(task.metric)]
    if yardstick is not None:
        facts.append(f"published: {yardstick.label} ({yardstick.source})")
    title = f"{task.title}, {option}" if option else task.title
    group = f"generated {task.type}" if task.synthetic else task.type
    return Option(canonical(task, option), title, group, tuple(facts), here, reason)


def _size(task: Task) -> str:
    made = miniature.Settings()
    counts = tuple(map(made.units, SPLITS)) if task.synthetic else task.counts
    # What is generated is counted before it is known how many mentions a sentence has.
    unit = "examples" if task.synthetic else task.unit
    return f"{' / '.join(f'{count:,}' for count in counts)} {unit}"


def _task_state(task: Task, network: bool) -> tuple[bool, str]:
    """Tell whether a task's data is on this machine, and why it cannot be read."""
    if task.shape not in SHAPES:
        return False, _refusal(partial(load, task.name))
    if task.synthetic:
        return True, ""
    opened = _would_download if network else _no_network
    try:
        for split in SPLITS:
            files.locate(task.folder, f"{split}.tsv", open_url=opened)
    except _WouldDownload:
        return False, ""
    except WorkbenchError as refusal:
        return False, str(refusal)
    return True, ""


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


def _switch(kind: type[Technique], layers: int) -> Switch:
    about = cleandoc(kind.__doc__ or "")
    try:
        default = kind.parse([]).resolve(layers)
    except WorkbenchError as refusal:
        return Switch(kind.name, kind.summary, about, kind.source, (), str(refusal))
    settings = tuple(_setting(default, item.name, layers) for item in fields(kind))
    return Switch(kind.name, kind.summary, about, kind.source, settings)


def _setting(technique: Technique, name: str, layers: int) -> Setting:
    default, help_text = technique.settings[name], technique.summary
    accepts = partial(_accepts, technique, name, layers)
    if isinstance(default, str):
        return Setting(name, help_text, default, choices=_words(technique, name, layers))
    step = 1 if isinstance(default, int) else _step(default)
    start = round(default / step)
    low, high = (
        _limit(lambda place: accepts(_multiple(place, step)), start, way) for way in (-1, 1)
    )
    return Setting(name, help_text, default, step, _end(low, step), _end(high, step))


def _accepts(technique: Technique, name: str, layers: int, value: int | float | str) -> bool:
    return not _try(technique, name, layers, value)


def _try(technique: Technique, name: str, layers: int, value: int | float | str) -> str:
    """Return why a technique does not take a value of one setting; empty where it does."""
    texts = [str(text) for text in (technique.settings | {name: value}).values()]
    return _refusal(lambda: technique.parse(texts).resolve(layers))


def _words(technique: Technique, name: str, layers: int) -> tuple[str, ...]:
    """Return the words a setting takes, which are in the sentence that refuses another one."""
    listed = re.search(r"choose one of (.+)$", _try(technique, name, layers, "?"))
    words = listed[1].split(", ") if listed else []
    return tuple(word for word in words if _accepts(technique, name, layers, word))


def _step(default: float) -> float:
    """Return a tenth of a default's decimal place: 0.01 for 0.9, 0.1 for 2."""
    return 10.0 ** (floor(log10(abs(default))) - 1) if default else 0.01


def _multiple(count: int, step: float) -> float:
    return count if step == 1 else round(count * step, 12)


def _end(count: int | None, step: float) -> float | None:
    return None if count is None else _multiple(count, step)


def _limit(accepts: Callable[[int], bool], start: int, way: int) -> int | None:
    """Return the last accepted place in one direction, by doubling steps, then halving them."""
    far = 1
    while accepts(start + way * far):
        far *= 2
        if far > _FARTHEST:
            return None
    near = far // 2
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (middle, far) if accepts(start + way * middle) else (near, middle)
    return start + way * near


def _recipe_source(task: Task, model: Model | None) -> str:
    """Say where batch size, learning rate and epochs come from (`workbench.tasks.catalogue`)."""
    if task.synthetic:
        return "settings of this workbench: the task is generated"
    if model is None:
        return "settings of the task for the model's size, which is not known yet"
    if model.size == "small":
        return (
            "settings of this workbench: nobody publishes any for small models "
            "(learning rate and epochs chosen on BIOSSES's dev pairs with MiniLM-L6)"
        )
    return (
        "batch size, learning rate and epochs of LinkBERT, Yasunaga et al. 2022, arXiv:2203.15827"
    )


@dataclass(frozen=True)
class _Claim:
    """What a paper says helps, and for which models and tasks."""

    title: str
    technique: str
    kinds: tuple[tuple[str, str], ...]
    """Family and size."""
    source: str
    note: str
    tasks: tuple[str, ...] = tuple(TASK_TITLES)

    def covers(self, task: Task, model: Model) -> bool:
        return task.name in self.tasks and (model.family, model.size) in self.kinds

    def preset(self, model: Model, recipe: Recipe) -> Preset:
        label = parse(self.technique, model.layers).label
        return Preset(self.title, label, self.source, self.note, recipe)


_TINN = "Tinn et al. 2023, arXiv:2112.07869"
_ELECTRA = "Clark et al. 2020, arXiv:2003.10555, and its code"
_UNKNOWN = "The paper's own setting is not known here: this is the workbench's default."
_OTHER_DATA = "The paper's own setting is not known here: ELECTRA's is not of a biomedical task."

_CLAIMS = (
    _Claim(
        "Freeze the lower layers, for BERT-base models",
        "freeze",
        (("bert", "base"),),
        _TINN,
        _UNKNOWN,
    ),
    _Claim(
        "Layerwise decay, for BERT-large models",
        "layerwise",
        (("bert", "large"),),
        _TINN,
        _UNKNOWN,
    ),
    _Claim(
        "Layerwise decay, for ELECTRA models",
        "layerwise:0.8:electra",
        (("electra", "base"),),
        f"{_TINN}; decay and convention from {_ELECTRA}",
        _OTHER_DATA,
    ),
    _Claim(
        "Layerwise decay, for ELECTRA models",
        "layerwise:0.9:electra",
        (("electra", "large"),),
        f"{_TINN}; decay and convention from {_ELECTRA}",
        _OTHER_DATA,
    ),
    _Claim(
        "Re-initialise the top, for sentence similarity on little data",
        "reinit",
        tuple((family, size) for family in ("bert", "electra") for size in ("base", "large")),
        _TINN,
        _UNKNOWN,
        tasks=("biosses",),
    ),
)
"""What the field's papers recommend for these tasks, as far as it is known here."""
