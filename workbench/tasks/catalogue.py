"""The facts of every task and the grammar of their names; no data is touched.

Sources: counts, metrics and types from Gu et al. 2020 (BLURB, arXiv:2007.15779); settings from
LinkBERT (Yasunaga et al. 2022, arXiv:2203.15827). BLURB's authors publish no settings for small
models: those take the base model's batch size, half its epochs and a higher learning rate, both
chosen on BIOSSES's dev pairs with MiniLM-L6.
"""

from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError, unknown
from workbench.tasks.blurb.pubmedqa import QUESTIONS, TEST
from workbench.tasks.lexicon import PHRASES
from workbench.tasks.mention import TAGS
from workbench.tasks.miniature import ANSWERS, PICO_TAGS, RELATIONS, Settings
from workbench.tasks.own.path import absolute, is_task_file
from workbench.tasks.own.registered import installed
from workbench.tasks.own.task import own_task
from workbench.tasks.tagging import OUTSIDE_LABEL
from workbench.tasks.task import Recipe, Task

SMALL_LEARNING_RATE = 2e-4

HALLMARKS = (
    "activating invasion and metastasis",
    "avoiding immune destruction",
    "cellular energetics",
    "enabling replicative immortality",
    "evading growth suppressors",
    "genomic instability and mutation",
    "inducing angiogenesis",
    "resisting cell death",
    "sustaining proliferative signaling",
    "tumor promoting inflammation",
)
"""The labels of HoC in the order of its files (Baker et al. 2016)."""


def names() -> tuple[str, ...]:
    """Return every task's name, in the order of BLURB's table, generated tasks last."""
    return tuple(TASKS)


def every() -> tuple[Task, ...]:
    """Return every task that has a name: the catalogue's, then those of installed packages."""
    added = (_own(path, name) for name, path in installed().items() if name not in TASKS)
    return (*TASKS.values(), *added)


def find(text: str) -> tuple[Task, str]:
    """Look up what a user typed.

    Parameters
    ----------
    text
        ``name`` or ``name:option``; for generated tasks any of
        ``name:size=64:noise=0.1:difficulty=0.5:seed=1``. A text that ends in ``.yaml`` or ``.yml``
        is the path of a task file (`workbench.tasks.own`); installed packages may add names.

    Returns
    -------
    tuple of Task and str
        The facts, and the option in its one canonical form: a task with options always has one,
        a generated task only the settings that differ from their defaults.

    Raises
    ------
    WorkbenchError
        For an unknown name, option or setting, with the nearest valid one.

    Examples
    --------
    >>> find("hoc")[1], find("miniature-document:seed=1:size=64")[1]
    ('sentences', 'seed=1')
    """
    if is_task_file(text):
        return _own(Path(absolute(text))), ""
    name, _, option = text.strip().lower().partition(":")
    if name not in TASKS and name not in installed():
        raise unknown("task", name, [*TASKS, *installed()])
    task = TASKS[name] if name in TASKS else _own(installed()[name], name)
    if task.synthetic:
        return task, str(Settings.parse(name, option))
    if not task.options and option:
        raise WorkbenchError(f"task {name!r} has no options: write it without {':' + option!r}")
    if option and option not in task.options:
        raise unknown(f"option of task {name!r}", option, task.options)
    return task, option or next(iter(task.options), "")


def canonical(task: Task, option: str) -> str:
    """Return the one name of a task with its option; a default option is left out.

    Examples
    --------
    >>> canonical(*find("hoc:sentences")), canonical(*find("hoc:abstracts"))
    ('hoc', 'hoc:abstracts')
    """
    if task.typed:
        return task.typed
    default = next(iter(task.options), "")
    return task.name if option in ("", default) else f"{task.name}:{option}"


def shown(name: str) -> str:
    """Return what people read for a canonical name: of a task file its short name.

    Examples
    --------
    >>> shown("hoc:abstracts"), shown("/home/user/lost/notes.yaml")
    ('hoc:abstracts', 'notes')
    """
    if not is_task_file(name):
        return name
    try:
        return find(name)[0].name
    except WorkbenchError:  # It was moved or damaged, which is said where it is needed.
        return Path(name).stem


def _own(path: Path, registered: str = "") -> Task:
    task = own_task(path, registered)
    if not registered and task.name in (*TASKS, *installed()):
        raise WorkbenchError(
            f"the task file {path}: the name {task.name!r} is that of another task: choose another"
        )
    return task


def _recipes(base: tuple[int, float, int], large: tuple[int, float, int]) -> dict[str, Recipe]:
    batch_size, _, epochs = base
    return {
        "small": Recipe(batch_size, SMALL_LEARNING_RATE, -(-epochs // 2)),
        "base": Recipe(*base),
        "large": Recipe(*large),
    }


_NER: dict[str, Any] = {
    "shape": "mention",
    "type": "NER",
    "metric": "entity_f1",
    "unit": "mentions",
    "max_length": 512,
    "labels": TAGS,
}
_PICO: dict[str, Any] = {
    "shape": "pico",
    "type": "PICO",
    "metric": "macro_f1",
    "unit": "words",
    "max_length": 512,
    "labels": PICO_TAGS,
    "negative": (OUTSIDE_LABEL,),
}
_RELATION: dict[str, Any] = {
    "shape": "relation",
    "type": "relation extraction",
    "metric": "micro_f1",
    "max_length": 256,
}
_SIMILARITY: dict[str, Any] = {
    "shape": "similarity",
    "type": "sentence similarity",
    "metric": "pearson",
    "unit": "sentence pairs",
    "max_length": 512,
}
_DOCUMENT: dict[str, Any] = {
    "shape": "document",
    "type": "document classification",
    "metric": "micro_f1",
    "unit": "abstracts",
    "max_length": 512,
}
_QUESTION: dict[str, Any] = {
    "shape": "question",
    "type": "question answering",
    "metric": "accuracy",
    "unit": "questions",
    "max_length": 512,
}
_MINIATURE: dict[str, Any] = {
    "folder": "",
    "files": (),
    "counts": (0, 0, 0),
    "recipes": {
        "small": Recipe(8, SMALL_LEARNING_RATE, 6),
        "base": Recipe(16, 5e-5, 10),
        "large": Recipe(16, 3e-5, 10),
    },
    "synthetic": True,
}

_ALL = (
    Task(
        name="bc5-chem",
        title="BC5-chem",
        folder="BC5CDR-chem",
        counts=(5203, 5347, 5385),
        recipes=_recipes(base=(32, 5e-5, 20), large=(16, 2e-5, 8)),
        **_NER,
    ),
    Task(
        name="bc5-disease",
        title="BC5-disease",
        folder="BC5CDR-disease",
        counts=(4182, 4244, 4424),
        recipes=_recipes(base=(16, 5e-5, 8), large=(32, 3e-5, 20)),
        **_NER,
    ),
    Task(
        name="ncbi-disease",
        title="NCBI-disease",
        folder="NCBI-disease",
        counts=(5134, 787, 960),
        recipes=_recipes(base=(32, 5e-5, 20), large=(16, 2e-5, 10)),
        **_NER,
    ),
    Task(
        name="bc2gm",
        title="BC2GM",
        folder="BC2GM",
        counts=(15197, 3061, 6325),
        recipes=_recipes(base=(32, 6e-5, 50), large=(16, 2e-5, 30)),
        **_NER,
    ),
    Task(
        name="jnlpba",
        title="JNLPBA",
        folder="JNLPBA",
        counts=(46750, 4551, 8662),
        recipes=_recipes(base=(16, 1e-5, 5), large=(16, 3e-5, 4)),
        **_NER,
    ),
    Task(
        name="ebm-pico",
        title="EBM PICO",
        folder="ebmnlp",
        counts=(339167, 85321, 16364),
        recipes=_recipes(base=(32, 5e-5, 1), large=(16, 2e-5, 1)),
        spared=("train.tsv",),
        **_PICO,
    ),
    Task(
        name="chemprot",
        title="ChemProt",
        folder="chemprot",
        unit="candidate pairs",
        counts=(18035, 11268, 15745),
        recipes=_recipes(base=(32, 3e-5, 10), large=(16, 2e-5, 4)),
        labels=("false", "CPR:3", "CPR:4", "CPR:5", "CPR:6", "CPR:9"),
        negative=("false",),
        **_RELATION,
    ),
    Task(
        name="ddi",
        title="DDI",
        folder="DDI",
        unit="candidate pairs",
        counts=(25296, 2496, 5716),
        recipes=_recipes(base=(32, 2e-5, 5), large=(16, 2e-5, 3)),
        labels=("DDI-false", "DDI-effect", "DDI-mechanism", "DDI-advise", "DDI-int"),
        negative=("DDI-false",),
        **_RELATION,
    ),
    Task(
        name="gad",
        title="GAD",
        folder="GAD",
        unit="sentences",
        counts=(4261, 535, 534),
        recipes=_recipes(base=(32, 3e-5, 10), large=(16, 2e-5, 5)),
        labels=("0", "1"),
        negative=("0",),
        **_RELATION,
    ),
    Task(
        name="biosses",
        title="BIOSSES",
        folder="BIOSSES",
        counts=(64, 16, 20),
        recipes=_recipes(base=(16, 1e-5, 30), large=(32, 3e-5, 100)),
        **_SIMILARITY,
    ),
    Task(
        name="hoc",
        title="HoC",
        folder="HoC",
        counts=(1295, 186, 371),
        recipes=_recipes(base=(32, 4e-5, 40), large=(32, 3e-5, 20)),
        labels=HALLMARKS,
        options=("sentences", "abstracts"),
        **_DOCUMENT,
    ),
    Task(
        name="pubmedqa",
        title="PubMedQA",
        folder="pubmedqa",
        counts=(450, 50, 500),
        recipes=_recipes(base=(16, 2e-5, 30), large=(32, 3e-5, 23)),
        labels=("yes", "no", "maybe"),
        files=(QUESTIONS, TEST),
        **_QUESTION,
    ),
    Task(
        name="bioasq",
        title="BioASQ 7b",
        folder="BioASQ",
        counts=(670, 75, 140),
        recipes=_recipes(base=(16, 2e-5, 20), large=(32, 3e-5, 30)),
        labels=("yes", "no"),
        **_QUESTION,
    ),
    Task(
        name="miniature-similarity",
        title="Miniature similarity (synthetic)",
        **_SIMILARITY,
        **_MINIATURE,
    ),
    Task(
        name="miniature-document",
        title="Miniature document (synthetic)",
        labels=tuple(PHRASES),
        **_DOCUMENT,
        **_MINIATURE,
    ),
    Task(
        name="miniature-mention",
        title="Miniature mention (synthetic)",
        **_NER,
        **_MINIATURE,
    ),
    Task(
        name="miniature-relation",
        title="Miniature relation (synthetic)",
        unit="candidate pairs",
        labels=RELATIONS,
        negative=RELATIONS[:1],
        **_RELATION,
        **_MINIATURE,
    ),
    Task(
        name="miniature-question",
        title="Miniature question (synthetic)",
        labels=ANSWERS,
        **_QUESTION,
        **_MINIATURE,
    ),
    Task(
        name="miniature-pico",
        title="Miniature PICO (synthetic)",
        **_PICO,
        **_MINIATURE,
    ),
)

TASKS = {task.name: task for task in _ALL}
"""The facts of every task by name."""
