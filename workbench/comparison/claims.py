"""What the field's papers say helps, for which models and on which tasks.

The presets of the notebooks and the advice are made from these: there is no other list.
"""

from dataclasses import dataclass

from workbench.analysis.published import TASK_TITLES
from workbench.models.catalogue import BUNDLED, MODELS, Model
from workbench.tasks.task import Task
from workbench.techniques import parse


@dataclass(frozen=True)
class Claim:
    """What a paper says helps, and for which models and tasks."""

    title: str
    technique: str
    """As users type it, for a model of any depth."""
    kinds: tuple[tuple[str, str], ...]
    """Family and size of the models."""
    source: str
    note: str
    """What the source does not say."""
    hypothesis: str
    """Its number among the claims of Tinn et al. 2023."""
    tasks: tuple[str, ...] = tuple(TASK_TITLES)

    def covers(self, task: Task, model: Model) -> bool:
        """Tell whether the paper speaks of a model on a task."""
        return (
            task.name in self.tasks
            and (model.family, model.size) in self.kinds
            and not outside(model.name)
        )

    def label(self, model: Model) -> str:
        """Return the technique for a model, with the settings that its depth decides."""
        return parse(self.technique, model.layers).label


def claims_for(task: Task, model: Model | None) -> list[Claim]:
    """Return what is claimed of a model on a task, what is claimed for the task first.

    Parameters
    ----------
    task, model
        Of the catalogues; of a model outside its catalogue nothing is claimed.
    """
    return [claim for claim in CLAIMS if model is not None and claim.covers(task, model)]


def outside(model: str) -> str:
    """Say why a model of the catalogue lies outside the published claims; empty where it does not.

    Parameters
    ----------
    model
        As its runs name it.
    """
    if model == BUNDLED:
        return (
            "a model that was trained for sentence similarity, which lies outside the published "
            "claims (H1 to H6 of Tinn et al. 2023)"
        )
    if model in MODELS and MODELS[model].family not in _FAMILIES:
        return "of a family for which the published claims name no technique"
    return ""


_TINN = "Tinn et al. 2023, arXiv:2112.07869"
_ELECTRA = "Clark et al. 2020, arXiv:2003.10555, and its code"
_ZHANG = "Zhang et al. 2021, arXiv:2006.05987"
_UNKNOWN = "The paper's own setting is not known here: this is the workbench's default."
_OTHER_DATA = "The paper's own setting is not known here: ELECTRA's is not of a biomedical task."
_SIMILARITY = "Re-initialise the top, for sentence similarity on little data"

CLAIMS = (
    Claim(
        _SIMILARITY,
        "reinit",
        (("bert", "base"), ("bert", "large")),
        _TINN,
        _UNKNOWN,
        "H3",
        tasks=("biosses",),
    ),
    Claim(
        _SIMILARITY,
        "reinit",
        (("electra", "base"), ("electra", "large")),
        _TINN,
        f"The paper says so of the task, whatever the model, and {_ZHANG}, saw no gain for ELECTRA "
        f"on another task (RTE: 87.1 without, 86.1 with). {_UNKNOWN}",
        "H3",
        tasks=("biosses",),
    ),
    Claim(
        "Freeze the lower layers, for BERT-base models",
        "freeze",
        (("bert", "base"),),
        _TINN,
        _UNKNOWN,
        "H1",
    ),
    Claim(
        "Layerwise decay, for BERT-large models",
        "layerwise",
        (("bert", "large"),),
        _TINN,
        _UNKNOWN,
        "H2",
    ),
    Claim(
        "Layerwise decay, for ELECTRA models",
        "layerwise:0.8:electra",
        (("electra", "base"),),
        f"{_TINN}; decay and convention from {_ELECTRA}",
        _OTHER_DATA,
        "H2",
    ),
    Claim(
        "Layerwise decay, for ELECTRA models",
        "layerwise:0.9:electra",
        (("electra", "large"),),
        f"{_TINN}; decay and convention from {_ELECTRA}",
        _OTHER_DATA,
        "H2",
    ),
)
"""What the field's papers recommend for these tasks, as far as it is known here.

What is claimed for the task comes before what is claimed for the model. The sources of mixout and
of ULMFiT's techniques give no preset: the one tries a grid, the other trains no transformer.
"""

_FAMILIES = frozenset(family for claim in CLAIMS for family, _ in claim.kinds)
