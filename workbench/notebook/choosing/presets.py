"""What a source recommends for a task and a model: presets of the chooser."""

from dataclasses import dataclass

from workbench.comparison.claims import Claim, claims_for
from workbench.models.catalogue import MODELS, Model
from workbench.models.checkpoint import Checkpoint, local_folder
from workbench.notebook.choosing.choices import settled
from workbench.tasks.catalogue import find
from workbench.tasks.task import Recipe, Task
from workbench.techniques import BASELINE


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
    claims = [_preset(claim, known, recipe) for claim in claims_for(facts, known) if known]
    return [baseline, *claims]


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


def _preset(claim: Claim, model: Model, recipe: Recipe | None) -> Preset:
    return Preset(claim.title, claim.label(model), claim.source, claim.note, recipe)
