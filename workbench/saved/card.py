"""The card of a saved model: what it is, how it was made, how far it can be trusted.

It says the same for the same run and study, byte for byte, and holds no text of any example.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from workbench.analysis import seeds, summary
from workbench.models.catalogue import MODELS
from workbench.saved.description import Description, read_description
from workbench.saved.place import best, dev_score, shown, technique
from workbench.spec import RunSpec
from workbench.store.folder import RunStore
from workbench.store.study import Study
from workbench.store.table import runs_table
from workbench.tasks.catalogue import shown as shown_task
from workbench.tasks.loading import LoadedTask, load
from workbench.techniques import BASELINE

_CLASSES = {
    True: ("AutoModelForTokenClassification", "token-classification"),
    False: ("AutoModelForSequenceClassification", "text-classification"),
}
_BUNDLED_HUB_ID = "sentence-transformers/all-MiniLM-L6-v2"


def card(store: RunStore, study: Study, run: str, folder: Path) -> str:
    """Return the card of a member of a complete study, as Markdown.

    Parameters
    ----------
    store, study
        Whose runs are all finished.
    run
        The member's identity.
    folder
        Where its model lies now.
    """
    spec, result = study.by_id[run], store.result(run) or {}
    task = load(spec.task)
    runs = runs_table(store, study.run_ids)
    facts = read_description(folder)
    parts = [
        _front_matter(spec, task),
        f"# {shown(spec.model)} on {task.task.title}, {technique(spec)}, seed {spec.seed_name}",
        _opening(study, spec),
        _use(task, facts),
        "## How good it is",
        _scores(spec, result, facts),
        _seeds(runs, spec, best(store, [each for each in study.specs if _alike(spec, each)])),
        "## The whole study",
        _study(runs, str(result["metric"])),
        "## How it was trained",
        _training(spec, task, result, store.timings(run)),
        "## Limits",
        _without_folders(_limits(study, task, result), spec),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(spec: RunSpec, task: LoadedTask) -> str:
    origin = _hub_id(spec.model)
    lines = [
        "---",
        "library_name: transformers",
        f"pipeline_tag: {_CLASSES[task.shape.objective == 'token'][1]}",
        *([f"base_model: {origin}"] if origin else []),
        "tags:",
        "- biomedical",
        "- workbench",
        "---",
    ]
    return "\n".join(lines)


def _hub_id(model: str) -> str:
    """Return the hub's name of a checkpoint; empty for a folder of this machine."""
    location = MODELS[model].location if model in MODELS else shown(model)
    if location.count("/") == 1:
        return location
    return _BUNDLED_HUB_ID if model in MODELS else ""


def _opening(study: Study, spec: RunSpec) -> str:
    count = sum(_alike(spec, other) for other in study.specs)
    if count == 1:
        return (
            f"The one run of its settings in study `{study.name}`. **One run is one draw**: with "
            "another seed it would have come out otherwise, and how much is not known from one."
        )
    return (
        f"One member of study `{study.name}`, which trained {count} such models that differ in "
        "nothing but their seed. **One member is one draw**: its scores say how this draw turned "
        "out, the mean and the spread below say what the method does."
    )


def _alike(spec: RunSpec, other: RunSpec) -> bool:
    return (spec.model, spec.techniques) == (other.model, other.techniques)


def _use(task: LoadedTask, facts: Description) -> str:
    kind, _ = _CLASSES[task.shape.objective == "token"]
    given = {
        "text": "one text",
        "pair": "two texts, in the order of training",
        "words": "a text that is split into words (`is_split_into_words=True`)",
    }
    return (
        f"It takes {given[facts.inputs]}.\n\n"
        "```python\n"
        f"from transformers import AutoTokenizer, {kind}\n\n"
        'folder = "."  # this folder, or its name on the hub\n'
        "tokenizer = AutoTokenizer.from_pretrained(folder)\n"
        f"model = {kind}.from_pretrained(folder)\n"
        "```\n\n"
        f"`python -m workbench predict FOLDER FILE` reads new text with it."
    )


def _scores(spec: RunSpec, result: dict[str, Any], facts: Description) -> str:
    metric = str(result["metric"])
    lines = [
        f"{summary.metric_title(metric)}: {_hundred(dev_score(result))} on dev, "
        f"{_hundred((result.get('test') or {}).get(metric))} on test."
    ]
    if result.get("collapsed"):
        lines.append(
            "**This run collapsed**: its training loss is not below that of the best constant "
            "answer, or it answers every test item alike."
        )
    if facts.repeated:
        lines.append(
            f"The weights are of a second training, which differs from the stored one: "
            f"{facts.repeated}. The scores in this card are the stored ones."
        )
    return " ".join(lines)


def _seeds(runs: pd.DataFrame, spec: RunSpec, chosen: RunSpec) -> str:
    """Return the scores of all seeds of the member's settings."""
    same = runs[(runs["model"] == spec.model) & (runs["technique"] == technique(spec))]
    rows = [
        [
            f"{name}" + (" (this model)" if row["run"] == spec.id else ""),
            _hundred(row["dev"]),
            _hundred(row["test"]),
            "yes" if row["collapsed"] else "no",
        ]
        for name, row in zip(seeds.names(same), same.to_dict("records"), strict=True)
    ]
    table = pd.DataFrame(rows, columns=["seed", "dev", "test", "collapsed"])
    return f"{summary.markdown(table)}\n{_rank(spec, chosen, len(rows))}".rstrip()


def _rank(spec: RunSpec, chosen: RunSpec, members: int) -> str:
    """Say whether this is the best member, and what that means."""
    if members == 1:
        return ""
    if spec.id == chosen.id:
        return (
            f"This one has the highest dev score of the {members} (the lowest seed among equals; "
            "test scores are not looked at). Chosen so, its own dev score is flattered."
        )
    return f"On dev, seed {chosen.seed_name} is the best of the {members}; this is another one."


def _study(runs: pd.DataFrame, metric: str) -> str:
    names = list(runs["technique"])
    summarised = summary.summarise(runs, BASELINE if BASELINE in names else names[0])
    summarised["model"] = [shown(name) for name in summarised["model"]]
    table = summary.readable(summarised, metric)
    return (
        f"{summary.markdown(table)}\n"
        "Test scores: the mean over seeds with Student's 95% interval, and the standard deviation "
        "between seeds. Differences are paired by seed; their interval is what a verdict rests on, "
        "left out where so few seeds decide nothing. Collapsed runs stay in the mean."
    )


def _training(
    spec: RunSpec, task: LoadedTask, result: dict[str, Any], timings: dict[str, Any]
) -> str:
    values = spec.to_json() | {
        "task": shown_task(spec.task),
        "model": shown(spec.model),
        "techniques": technique(spec),
        "run": spec.id,
        "reported_step": result["reported_step"],
        "torch": timings.get("torch", "unknown"),
        "transformers": timings.get("transformers", "unknown"),
    }
    table = pd.DataFrame([[f"`{name}`", str(value)] for name, value in values.items()])
    table.columns = pd.Index(["setting", "value"])
    return (
        f"{summary.markdown(table)}\n"
        f"`data` is the SHA-256 of {_hashed(task)}, and `weights` names the checkpoint's: the same "
        "settings on the same data give the same run."
    )


def _hashed(task: LoadedTask) -> str:
    """Say what the hash of a task's data is of; see `LoadedTask.data_hash`."""
    if task.task.own:
        return "the task's records, labels and metric"
    return "the generated records" if task.task.synthetic else "the task's files"


def _limits(study: Study, task: LoadedTask, result: dict[str, Any]) -> str:
    items = task.shape.count(task.splits["test"])
    lines = [
        f"It was scored on {items} {task.task.unit} of one test set, as every other run of the "
        "study: how it does on other text is not known.",
        *([_SYNTHETIC] if task.task.synthetic else []),
        *result.get("notes", []),
        *(note for note in study.notes if note not in result.get("notes", [])),
        "It is a research model, not tested for any clinical use.",
        "The licences of the checkpoint and of the training data hold for it too.",
        "Weights can give away text that they were trained on: do not publish a model trained on "
        "text that may not be published.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _without_folders(text: str, spec: RunSpec) -> str:
    """Leave out where on this machine model and task lie."""
    return text.replace(spec.model, shown(spec.model)).replace(spec.task, shown_task(spec.task))


_SYNTHETIC = (
    "**Its training text is synthetic**, generated to try things out: it has learned nothing of "
    "use for real text."
)


def _hundred(score: float | None) -> str:
    return "undefined" if score is None or score != score else f"{100 * score:.1f}"
