"""What a source recommends for a task and a model: presets of the chooser."""

from dataclasses import dataclass

from workbench.analysis.published import TASK_TITLES
from workbench.models.catalogue import MODELS, Model
from workbench.models.checkpoint import Checkpoint, local_folder
from workbench.notebook.choices import settled
from workbench.tasks.catalogue import find
from workbench.tasks.task import Recipe, Task
from workbench.techniques import BASELINE, parse


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

    @property
    def techniques(self) -> str:
        """The parameter: the technique beside the baseline it is compared with."""
        return ",".join(dict.fromkeys([BASELINE, self.technique]))


def recipe_of(task: str, model: str) -> Recipe | None:
    """Return the task's own batch size, learning rate and epochs for a model.

    Parameters
    ----------
    task, model
        As users type them.

    Returns
    -------
    Recipe or None
        None for a model that has to be downloaded before its size is known.

    Raises
    ------
    WorkbenchError
        For an unknown task or model.
    """
    name = settled(model, task)
    if name is None:
        return None
    if name in MODELS:
        return find(task)[0].recipes[MODELS[name].size]
    folder = local_folder(name)
    return find(task)[0].recipes[Checkpoint(name, folder, "").size] if folder else None


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
    known = MODELS.get(settled(model, task) or "")
    recipe = recipe_of(task, model)
    baseline = Preset("Baseline", BASELINE, _recipe_source(facts, known), "", recipe)
    claims = [claim for claim in _CLAIMS if known and claim.covers(facts, known)]
    return [baseline, *(claim.preset(known, recipe) for claim in claims if known)]


def _recipe_source(task: Task, model: Model | None) -> str:
    """Say where batch size, learning rate and epochs come from (`workbench.tasks.catalogue`)."""
    if task.own:
        return (
            "settings of the task file; where it names none, of the workbench "
            "(rate and batch size from the grid of Gu et al. 2020, arXiv:2007.15779)"
        )
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

    def preset(self, model: Model, recipe: Recipe | None) -> Preset:
        label = parse(self.technique, model.layers).label
        return Preset(self.title, label, self.source, self.note, recipe)


_TINN = "Tinn et al. 2023, arXiv:2112.07869"
_ELECTRA = "Clark et al. 2020, arXiv:2003.10555, and its code"
_ZHANG = "Zhang et al. 2021, arXiv:2006.05987"
_UNKNOWN = "The paper's own setting is not known here: this is the workbench's default."
_OTHER_DATA = "The paper's own setting is not known here: ELECTRA's is not of a biomedical task."
_SIMILARITY = "Re-initialise the top, for sentence similarity on little data"

_CLAIMS = (
    _Claim(
        _SIMILARITY,
        "reinit",
        (("bert", "base"), ("bert", "large")),
        _TINN,
        _UNKNOWN,
        tasks=("biosses",),
    ),
    _Claim(
        _SIMILARITY,
        "reinit",
        (("electra", "base"), ("electra", "large")),
        _TINN,
        f"The paper says so of the task, whatever the model, and {_ZHANG}, saw no gain for ELECTRA "
        f"on another task (RTE: 87.1 without, 86.1 with). {_UNKNOWN}",
        tasks=("biosses",),
    ),
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
)
"""What the field's papers recommend for these tasks, as far as it is known here.

What is claimed for the task comes before what is claimed for the model. The sources of mixout and
of ULMFiT's techniques give no preset: the one tries a grid, the other trains no transformer.
"""
