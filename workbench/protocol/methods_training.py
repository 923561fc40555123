"""What a methods section says of data, checkpoints, arms and training, from the runs on record."""

from collections.abc import Iterator
from typing import NamedTuple

from workbench.analysis.summary import metric_name
from workbench.models.catalogue import MODELS
from workbench.protocol.evidence import Evidence, Trained, listed, numbers, told
from workbench.techniques import BASELINE, registry

PROTOCOL = "Gu et al. 2020, arXiv:2007.15779"
"""Whose fine-tuning the baseline is."""

_GU_ET_AL = (0.1, 0.1)
"""Share of the warm-up, and dropout, of `PROTOCOL`."""

_HEADS = {
    "native": "transformers' own head of its family",
    "linear": f"one linear layer on [CLS] ({PROTOCOL})",
}


class Statement(NamedTuple):
    """One subject of a methods section: for the table, and for the text."""

    rows: tuple[tuple[str, str], ...]
    sentences: str


def data(found: Evidence) -> Iterator[Statement]:
    """Say what each task is, how it is split, and what of it was trained on."""
    for task, runs in _by_task(found).items():
        yield _task(found, task, runs)


def _by_task(found: Evidence) -> dict[str, list[Trained]]:
    groups: dict[str, list[Trained]] = {}
    for run in found.every:
        groups.setdefault(run.task, []).append(run)
    return groups


def _task(found: Evidence, task: str, runs: list[Trained]) -> Statement:
    metric = listed(dict.fromkeys(metric_name(run.result["metric"]) for run in runs))
    digest = listed(dict.fromkeys(run.spec.data for run in runs))
    counts, drawn = _counts(found, task), _drawn(found, task, runs)
    rows = (
        (f"data, {task}", counts),
        (f"trained on, {task}", drawn),
        (f"metric, {task}", metric),
        (f"SHA-256 of the data, {task}", digest),
    )
    return Statement(
        rows,
        f"The data of {task} are {counts}; SHA-256 {digest}. Arms were trained on {drawn}, and are "
        f"compared by {metric}.",
    )


def _counts(found: Evidence, task: str) -> str:
    if task not in found.data:
        return "no longer those that were trained on, so they cannot be counted"
    loaded = found.data[task]
    counts = [str(loaded.shape.count(records)) for records in loaded.splits.values()]
    return (
        f"{loaded.task.title}: {' / '.join(counts)} {loaded.task.unit} "
        f"({' / '.join(loaded.splits)})"
    )


def _drawn(found: Evidence, task: str, runs: list[Trained]) -> str:
    whole = found.training_units.get(task)
    every = f"all {whole} training units" if whole else "all training units"
    sizes = sorted({run.spec.train_size for run in runs} - {0})
    parts = [every] if any(run.spec.train_size == 0 for run in runs) else []
    if sizes:
        seeds = numbers(run.spec.subset_seed for run in runs if run.spec.train_size)
        of = f" of {whole}" if whole else ""
        parts.append(f"{listed(sizes)}{of} training units {_way(found, task)} (subset {seeds})")
    return listed(parts)


def _way(found: Evidence, task: str) -> str:
    loaded = found.data.get(task)
    classes = loaded and loaded.shape.strata(loaded.splits["train"]) is not None
    return "drawn at random in the proportions of the classes" if classes else "drawn at random"


def checkpoints(found: Evidence) -> Iterator[Statement]:
    """Name each checkpoint with its revision or the hash of its weights, and its head."""
    models: dict[str, list[Trained]] = {}
    for run in found.every:
        models.setdefault(run.model, []).append(run)
    for model, runs in models.items():
        weights = listed(dict.fromkeys(run.spec.weights for run in runs))
        head = listed(dict.fromkeys(_HEADS[run.spec.head] for run in runs))
        new = told(runs, _new_weights)
        named = f"{model} ({MODELS[model].location})" if model in MODELS else model
        rows = ((f"checkpoint {model}", f"{named}, {weights}"), (f"head of {model}", head))
        yield Statement(
            (*rows, (f"new weights in {model}", new)),
            f"The checkpoint {named}, {weights}, was given {head}; new weights: {new}.",
        )


def _new_weights(run: Trained) -> str:
    return ", ".join(run.result.get("new_parameters", ())) or "none"


def arms(found: Evidence) -> Iterator[Statement]:
    """Say what each arm is, what it is compared with, and where its technique comes from."""
    for arm in found.declaration.arms:
        runs = [run for run in found.reported if run.arm == arm]
        baseline = found.declaration.baselines.get(arm)
        against = f", against {baseline}" if baseline else ""
        model, technique = told(runs, _model), told(runs, _technique)
        words = "without a technique" if technique == BASELINE else f"with {technique}"
        sources = "".join(f" {each}" for each in _sources(runs))
        yield Statement(
            ((f"arm {arm}", f"{model}, {technique}{against}"),),
            f"The arm {arm} is {model} {words}{against}.{sources}",
        )


def _sources(runs: list[Trained]) -> Iterator[str]:
    known = registry()
    for name in dict.fromkeys(name for run in runs for name, _ in run.spec.techniques):
        if name in known:
            yield f"({name}: {known[name].summary}; {known[name].source}.)"


def _model(run: Trained) -> str:
    return run.model


def _technique(run: Trained) -> str:
    return run.technique


def training(found: Evidence) -> Iterator[Statement]:
    """Say how every arm was trained, but for what its technique changes."""
    runs = found.every
    yield Statement(
        (
            ("optimizer", f"AdamW, {told(runs, _optimizer)}"),
            ("schedule", told(runs, _schedule)),
            ("batch size", told(runs, lambda run: run.spec.batch_size)),
            ("epochs", told(runs, _epochs)),
            ("steps", told(runs, _steps)),
            ("dropout", told(runs, lambda run: f"{run.spec.dropout:g}")),
            ("longest input", f"{told(runs, lambda run: run.spec.max_length)} word pieces"),
            ("precision", told(runs, lambda run: run.spec.precision)),
            ("arithmetic of the engine", f"version {told(runs, _numerics)}"),
        ),
        f"But for what a technique changes, every run was trained with AdamW (Loshchilov and "
        f"Hutter 2019, arXiv:1711.05101; {told(runs, _optimizer)}) and {told(runs, _schedule)}, "
        f"in batches of {told(runs, lambda run: run.spec.batch_size)} for {told(runs, _epochs)} "
        f"epochs, with dropout {told(runs, lambda run: f'{run.spec.dropout:g}')}, inputs of up to "
        f"{told(runs, lambda run: run.spec.max_length)} word pieces, in "
        f"{told(runs, lambda run: run.spec.precision)} (version {told(runs, _numerics)} of the "
        f"engine's arithmetic).{_as_published(runs)}",
    )


def _as_published(runs: tuple[Trained, ...]) -> str:
    same = all((run.spec.warmup, run.spec.dropout) == _GU_ET_AL for run in runs)
    return f" Schedule and dropout are those of {PROTOCOL}." if same else ""


def _optimizer(run: Trained) -> str:
    spec = run.spec
    clipped = f"gradient norm clipped at {spec.clip_norm:g}" if spec.clip_norm else "no clipping"
    return (
        f"betas {spec.beta1:g} and {spec.beta2:g}, epsilon {spec.epsilon:g}, "
        f"weight decay {spec.weight_decay:g}, {clipped}"
    )


def _schedule(run: Trained) -> str:
    return (
        f"a linear warm-up over the first {run.spec.warmup:.0%} of the steps, then linear decay "
        "to zero"
    )


def _epochs(run: Trained) -> str:
    most = run.spec.max_steps
    return f"{run.spec.epochs}" + (f" (of a baseline at most {most} steps)" if most else "")


def _steps(run: Trained) -> str:
    history = run.result.get("history") or [{}]
    return str(history[-1].get("step", "not on record"))


def _numerics(run: Trained) -> int:
    return run.spec.to_json()["numerics"]
