"""Where the models of a study are kept, and which of its runs they are.

A member's folder is ``models/<study>/<technique>-seed<number>``, and holds nothing that is not
whole. Until the study is complete its weights wait in ``models/<study>/.waiting/<run>``: which of
them are kept, and the spread that their cards tell, is known only then.
"""

import re
import shlex
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from workbench.spec import RunSpec
from workbench.store.claims import claim
from workbench.store.folder import RunStore
from workbench.store.reductions import cohort_id
from workbench.store.study import Study
from workbench.techniques import from_settings

WEIGHTS = "model.safetensors"
"""The file without which a folder holds no model."""


def models_folder(store: RunStore, study: str) -> Path:
    """Return the folder of a study's models, which need not exist."""
    return store.root / "models" / study


def waiting_room(store: RunStore, study: str) -> Path:
    """Return the folder of what waits until a study is complete."""
    return models_folder(store, study) / ".waiting"


def waiting_folder(store: RunStore, study: str, run: str) -> Path:
    """Return where a run's weights wait until its study is complete."""
    return waiting_room(store, study) / run


def member_folders(store: RunStore, study: Study) -> dict[str, Path]:
    """Return where the model of each run of a study belongs, by identity."""
    several = len({spec.model for spec in study.specs}) > 1
    names = {spec.id: _name(spec, several) for spec in study.specs}
    times = Counter(names.values())
    folder = models_folder(store, study.name)
    return {
        run: folder / (name if times[name] == 1 else f"{name}-{run}") for run, name in names.items()
    }


def kept(store: RunStore, study: Study) -> dict[str, Path]:
    """Return the folders of the models that are there, by identity."""
    folders = member_folders(store, study).items()
    return {run: folder for run, folder in folders if (folder / WEIGHTS).is_file()}


def waiting(store: RunStore, study: Study) -> list[str]:
    """Return the runs whose weights wait."""
    runs = study.run_ids
    return [run for run in runs if waiting_folder(store, study.name, run).is_dir()]


def settling(store: RunStore, study: Study) -> AbstractContextManager | None:
    """Claim the right to say which models of a study are kept; None while another process does."""
    return claim(store, [cohort_id(["models", study.name])])


def groups(study: Study) -> list[list[RunSpec]]:
    """Return the members of each model and technique, in the study's order."""
    found: dict[tuple[str, str], list[RunSpec]] = {}
    for spec in study.specs:
        found.setdefault((spec.model, technique(spec)), []).append(spec)
    return list(found.values())


def technique(spec: RunSpec) -> str:
    """Return a run's technique as users type it."""
    return from_settings(spec.techniques).label


def lacking(store: RunStore, study: Study) -> list[str]:
    """Return the runs whose models a study wants, but whose weights were not kept.

    They were finished before anybody wanted them. The best is known once a study is complete.
    """
    which, runs = study.settings.save, study.run_ids
    if which == "none" or (which == "best" and store.missing(runs)):
        return []
    there = {*kept(store, study), *waiting(store, study)}
    asked = wanted(store, study, which)
    return [run for run in asked if run not in there and store.result(run)]


def told(store: RunStore, study: Study) -> str:
    """Say where the models of a study are, and what to type for those that are not there."""
    there, gone = kept(store, study), lacking(store, study)
    sentences = [f"Models: {len(there)} in {models_folder(store, study.name)}"] if there else []
    if gone:
        sentences.append(
            f"Models: {len(gone)} that save={study.settings.save} asks for are not there, because "
            "their runs were finished before; to train those again for their weights, type\n"
            f"    {_command(study)}"
        )
    return "\n".join(sentences)


def _command(study: Study) -> str:
    words = ["python", "-m", "workbench", "save", study.name, "--which", study.settings.save]
    outputs = study.settings.outputs
    return shlex.join([*words, *(["--outputs", outputs] if outputs else [])])


def best(store: RunStore, specs: Sequence[RunSpec]) -> RunSpec:
    """Return the member with the highest dev score, the lowest seed among equals.

    The test score is not looked at: who chooses by it has no test set left. A score that is
    undefined is below any other.
    """
    return max(specs, key=lambda spec: _rank(spec, dev_score(store.result(spec.id) or {})))


def beaten(store: RunStore, specs: Sequence[RunSpec], spec: RunSpec, score: float | None) -> bool:
    """Tell whether a finished run among `specs` is better on dev than a run with this score."""
    rank = _rank(spec, score)
    finished = ((other, store.result(other.id)) for other in specs)
    return any(result and _rank(other, dev_score(result)) > rank for other, result in finished)


def dev_score(result: dict) -> float | None:
    """Return the primary metric on dev from a run's result, None where it is undefined."""
    return (result.get("dev") or {}).get(result.get("metric"))


def wanted(store: RunStore, study: Study, which: str) -> list[str]:
    """Return the runs of a complete study whose models are to be kept.

    Parameters
    ----------
    store, study
        Its runs.
    which
        ``none``, ``best`` (of each model and technique), ``every``, or a technique: its best.
    """
    if which == "none":
        return []
    if which == "every":
        return study.run_ids
    techniques = {technique(spec) for spec in study.specs}
    chosen: Collection[str] = techniques if which == "best" else {which}
    return [best(store, group).id for group in groups(study) if technique(group[0]) in chosen]


def _rank(spec: RunSpec, score: float | None) -> tuple[bool, float, list[int]]:
    seeds = (spec.weights_seed, spec.order_seed, spec.dropout_seed)
    return score is not None, score or 0.0, [-seed for seed in seeds]


def _name(spec: RunSpec, with_model: bool) -> str:
    parts = [shown(spec.model)] if with_model else []
    parts += [technique(spec), f"seed{spec.seed_name}"]
    return re.sub(r"[^A-Za-z0-9+._-]", "-", "-".join(parts))


def shown(name: str) -> str:
    """Return the name of a model without the folders of this machine.

    Examples
    --------
    >>> shown("/home/ada/models/tiny"), shown("dmis-lab/biobert-v1.1")
    ('tiny', 'dmis-lab/biobert-v1.1')
    """
    local = name.count("/") > 1 or name.startswith(("/", ".", "~"))
    return Path(name).name if local else name
