"""``python -m workbench bench``: reads what is asked for, measures, prints and writes it."""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertModel

from workbench.benchmark import figure, report
from workbench.benchmark.comparison import TECHNIQUES, Comparison
from workbench.benchmark.machine import describe, native_precisions, short_name
from workbench.benchmark.scaling import COHORTS, EXAMPLES, Scaling
from workbench.benchmark.workload import TASKS, Work, load_work
from workbench.errors import WorkbenchError, unknown
from workbench.models.catalogue import BUNDLED
from workbench.models.checkpoint import Checkpoint, bundled, find_checkpoint
from workbench.models.tokenizer import load_tokenizer
from workbench.store.atomic import write_bytes, write_json, write_text
from workbench.training.device import AUTO, find_device

RANDOM_BASE = "random-base"
"""The model of BERT-base's shape whose weights are random: speed does not depend on them."""

PRECISIONS = ("float32", "bfloat16", "float16")
"""What can be measured; the default is all that are native."""

PARTS = ("compare", "scaling")
SEEDS = (1, 5, 10, 20)
_ROUNDS = {"cpu": 3, "cuda": 10}


@dataclass(frozen=True)
class Settings:
    """What is measured, everything resolved.

    Attributes
    ----------
    model
        `RANDOM_BASE`, or a name that `find_checkpoint` knows.
    tasks, techniques, precisions, seeds
        Each combination of the first three is compared, with these numbers of seeds.
    device
        Where.
    rounds
        Of each comparison.
    parts
        Of `PARTS`.
    """

    model: str
    tasks: tuple[str, ...]
    techniques: tuple[str, ...]
    precisions: tuple[str, ...]
    seeds: tuple[int, ...]
    device: torch.device
    rounds: int
    parts: tuple[str, ...]
    cohorts: tuple[int, ...] = COHORTS
    examples: tuple[int, ...] = EXAMPLES


def read_settings(
    model: str = AUTO,
    tasks: str = "",
    seeds: str = "",
    precision: str = AUTO,
    device: str = AUTO,
    rounds: int = 0,
    only: str = "",
) -> Settings:
    """Read what was typed; what is empty, ``auto`` or 0 is chosen for the machine.

    Raises
    ------
    WorkbenchError
        For anything that does not exist or cannot be measured here.
    """
    if device == AUTO and not torch.cuda.is_available():
        device = "cpu"  # transformers' own loop is set up for CUDA and the processor only.
    place = find_device(device)
    if place.type not in _ROUNDS:
        raise WorkbenchError(f"the benchmark does not run on {place.type}: choose cuda or cpu")
    if rounds < 0:
        raise WorkbenchError(f"rounds is {rounds}, but it must be at least 1, or 0 for the default")
    return Settings(
        model=(RANDOM_BASE if place.type == "cuda" else BUNDLED) if model == AUTO else model,
        tasks=_chosen("task of the benchmark", tasks, TASKS) or TASKS,
        techniques=TECHNIQUES,
        precisions=_precisions(precision, place),
        seeds=_numbers(seeds) or SEEDS,
        device=place,
        rounds=rounds or _ROUNDS[place.type],
        parts=_chosen("part of the benchmark", only, PARTS) or PARTS,
    )


def _chosen(kind: str, text: str, valid: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in valid:
            raise unknown(kind, name, valid)
    return names


def _precisions(text: str, device: torch.device) -> tuple[str, ...]:
    native = tuple(native_precisions(device, PRECISIONS))
    if text == AUTO:
        return native
    chosen = _chosen("precision", text, PRECISIONS) or native
    if "float16" in chosen and device.type != "cuda":
        raise WorkbenchError("float16 is measured on CUDA only: choose float32 or bfloat16")
    return chosen


def _numbers(text: str) -> tuple[int, ...]:
    try:
        found = sorted({int(part) for part in text.split(",") if part.strip()})
    except ValueError:
        found = [0]
    if found and found[0] < 1:
        raise WorkbenchError(
            f"seeds is {text!r}, but it must be numbers of at least 1 with commas between, such as "
            "1,5,10"
        )
    return tuple(found)


@contextmanager
def checkpoint_of(name: str) -> Iterator[Checkpoint]:
    """Lend the checkpoint to be measured; one of random weights lives in a temporary folder.

    Raises
    ------
    WorkbenchError
        When there is none of that name.
    """
    if name != RANDOM_BASE:
        yield find_checkpoint(name)
        return
    tokenizer = load_tokenizer(bundled())
    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        # The defaults are BERT-base's shape; only the vocabulary is the tokenizer's.
        config = BertConfig(vocab_size=len(tokenizer))
        BertModel(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        yield Checkpoint(RANDOM_BASE, Path(folder), "random")


class Progress:
    """Prints what has been done and about how long the rest takes.

    Parameters
    ----------
    total
        Of whatever `advance` counts.
    """

    def __init__(self, total: float):
        self.total, self.done, self.started = total, 0.0, time.monotonic()

    def advance(self, amount: float, text: str) -> None:
        """Note that so much more is done."""
        self.done += amount
        seconds = time.monotonic() - self.started
        left = seconds * max(0.0, self.total - self.done) / self.done
        share = min(1.0, self.done / self.total)
        minutes, rest = divmod(round(left), 60)
        print(f"{share:4.0%}  {text}; about {minutes}:{rest:02} left", flush=True)


def measure(settings: Settings, checkpoint: Checkpoint) -> dict[str, Any]:
    """Measure everything that is asked for; return the content of ``results.json``."""
    results: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "machine": describe(settings.device),
        "model": _model_text(settings.model, checkpoint),
        "seeds": list(settings.seeds),
        "rounds": settings.rounds,
        "notes": _notes(settings),
        "tasks": [],
        "comparisons": [],
        "agreements": [],
        "scaling": None,
    }
    if "compare" in settings.parts:
        works = [load_work(name, checkpoint) for name in settings.tasks]
        results["tasks"] = [_described(work) for work in works]
        results |= _compare(settings, checkpoint, works)
    if "scaling" in settings.parts:
        results["scaling"] = _scale(settings, checkpoint)
    return results


def _compare(settings: Settings, checkpoint: Checkpoint, works: Sequence[Work]) -> dict[str, Any]:
    comparisons = [
        Comparison(
            work,
            checkpoint,
            technique,
            precision,
            settings.device,
            settings.seeds,
            settings.rounds,
        )
        for work in works
        for technique in settings.techniques
        for precision in settings.precisions
    ]
    # Starting and comparing losses takes about as long as one more round.
    progress = Progress(sum(each.round_operations for each in comparisons) * (settings.rounds + 1))
    found: dict[str, Any] = {"agreements": [], "comparisons": []}
    for each in comparisons:
        label = ", ".join(each.key.values())
        found["agreements"].append(each.agreement())
        progress.advance(each.round_operations, f"{label}: losses compared")

        def tell(done: int, each: Comparison = each, label: str = label) -> None:
            amount = each.round_operations / len(each.stages())
            progress.advance(amount, f"{label}: round {done}")

        found["comparisons"].append(each.measure(tell))
    return found


def _scale(settings: Settings, checkpoint: Checkpoint) -> dict[str, Any]:
    precision = settings.precisions[0]
    # A step of a cohort costs its runs; a training set's steps cost about as much as two runs'.
    progress = Progress(sum(settings.cohorts) + 2 * len(settings.examples))
    amounts = iter([*settings.cohorts, *[2] * len(settings.examples)])
    scaling = Scaling(
        checkpoint,
        precision,
        settings.device,
        settings.rounds,
        lambda text: progress.advance(next(amounts), f"scaling: {text}"),
    )
    return {
        "precision": precision,
        "cohorts": scaling.cohorts(settings.cohorts),
        "examples": scaling.examples(settings.examples),
    }


def _described(work: Work) -> dict[str, Any]:
    return {
        "name": work.name,
        "title": work.title,
        "text": work.text,
        "examples": len(work.train),
        "mean_length": float(work.train.lengths.mean()),
        "batch_size": work.batch_size,
        "max_length": work.max_length,
    }


def _model_text(name: str, checkpoint: Checkpoint) -> str:
    sizes = f"{checkpoint.layers} layers of width {checkpoint.config['hidden_size']}"
    return f"{name}, {sizes}" + (", random weights" if name == RANDOM_BASE else "")


def _notes(settings: Settings) -> list[str]:
    native = native_precisions(settings.device, PRECISIONS)
    return [
        f"{precision} is not native to this {settings.device.type}: "
        + ("it is measured all the same." if precision in settings.precisions else "not measured.")
        for precision in PRECISIONS
        if precision not in native
    ]


def write(results: dict[str, Any], outputs: Path, device: torch.device) -> Path:
    """Write table, results and figure to a folder of their own, and return it."""
    date = results["date"].replace(":", "").replace(" ", "-")
    folder = outputs / "bench" / f"{short_name(device)}-{date}"
    write_json(folder / "results.json", results)
    write_bytes(folder / "figure.png", figure.draw(results))
    write_text(folder / "table.md", report.as_markdown(results))
    return folder


def main(settings: Settings, outputs: Path) -> int:
    """Run the benchmark; return the exit status.

    Raises
    ------
    WorkbenchError
        When loss curves disagree, so that the contestants did not do the same work.
    """
    try:
        with checkpoint_of(settings.model) as checkpoint:
            results = measure(settings, checkpoint)
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 130
    results["command"] = " ".join(["python -m workbench", *sys.argv[1:]])
    folder = write(results, outputs, settings.device)
    print(f"\n{report.as_text(results)}\nwritten to {folder}")
    refused = [each for each in results["agreements"] if each["agree"] is False]
    if refused:
        names = "; ".join(", ".join(report.key_of(each).values()) for each in refused)
        raise WorkbenchError(
            f"the losses of the contestants disagree ({names}), so their times do not compare: "
            f"look at the losses in {folder / 'results.json'} and report it"
        )
    return 0
