"""``python -m workbench bench``: measures what is asked for, prints it and writes it."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertModel

from workbench.benchmark import figure, report, tables
from workbench.benchmark.machine import describe, native_precisions, short_name
from workbench.benchmark.parts import Results, pieces
from workbench.benchmark.progress import Progress, clock
from workbench.benchmark.settings import PRECISIONS, RANDOM_BASE, Settings
from workbench.errors import WorkbenchError
from workbench.models.checkpoint import Checkpoint, bundled, find_checkpoint
from workbench.models.tokenizer import load_tokenizer
from workbench.store.atomic import write_bytes, write_json, write_text


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


def measure(
    settings: Settings,
    checkpoint: Checkpoint,
    keep: Callable[[Results], None] = lambda results: None,
) -> Results:
    """Measure everything that is asked for; return the content of ``results.json``.

    Parameters
    ----------
    settings, checkpoint
        What and with which model.
    keep
        Given the results after every piece of work.
    """
    results = beginning(settings, checkpoint)
    waiting = list(pieces(settings, checkpoint, results))
    total = sum(piece.seconds for piece in waiting)
    print(f"foretold from the rate of matrix products: about {clock(total)}", flush=True)
    progress = Progress(total, 60 * settings.minutes)
    for piece in waiting:
        if progress.allows(piece.seconds):
            piece.run(progress.advance)
        else:
            progress.leave_out(piece.seconds)
            results["notes"].append(_left_out(piece.label, settings.minutes))
        keep(results)
    return results


def beginning(settings: Settings, checkpoint: Checkpoint) -> Results:
    """Return results that hold no measurement yet."""
    return {
        "command": " ".join(["python -m workbench", *sys.argv[1:]]),
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "machine": describe(settings.device),
        "model": _model_text(settings.model, checkpoint),
        "random_weights": settings.model == RANDOM_BASE,
        "seeds": list(settings.seeds),
        "rounds": settings.rounds,
        "notes": _notes(settings),
        "tasks": [],
        "comparisons": [],
        "agreements": [],
        "precision": None,
        "scaling": None,
    }


def _left_out(label: str, minutes: float) -> str:
    return f"Not measured, because it would have ended after the {minutes:g} minutes set: {label}."


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


def folder_of(results: Results, outputs: Path, device: torch.device) -> Path:
    """Return the folder of a benchmark: named by the machine's kind and the date."""
    date = results["date"].replace(":", "").replace(" ", "-")
    return outputs / "bench" / f"{short_name(device)}-{date}"


def write(results: Results, folder: Path) -> None:
    """Write table, results and figure, as far as there are any."""
    write_json(folder / "results.json", results)
    drawn = figure.draw(results)
    if drawn:
        write_bytes(folder / "figure.png", drawn)
    write_text(folder / "table.md", report.as_markdown(results))


def main(settings: Settings, outputs: Path) -> int:
    """Run the benchmark; return the exit status.

    What has been measured is written after every piece of work, so that it stays when the rest is
    stopped.

    Raises
    ------
    WorkbenchError
        When loss curves disagree, so that the contestants did not do the same work.
    """
    written: list[Path] = []

    def keep(results: Results) -> None:
        written[:] = [folder_of(results, outputs, settings.device)]
        write(results, written[0])

    try:
        with checkpoint_of(settings.model) as checkpoint:
            results = measure(settings, checkpoint, keep)
    except KeyboardInterrupt:
        where = f"what was measured until then lies in {written[0]}" if written else ""
        print(f"stopped; {where or 'nothing was written'}", file=sys.stderr)
        return 130
    print(f"\n{report.as_text(results)}\nwritten to {written[0]}")
    _refuse(results, written[0])
    return 0


def _refuse(results: dict[str, Any], folder: Path) -> None:
    """Raise an error where the contestants did not do the same work."""
    refused = [each for each in results["agreements"] if each["agree"] is False]
    if refused:
        names = "; ".join(", ".join(tables.key_of(each).values()) for each in refused)
        raise WorkbenchError(
            f"the losses of the contestants disagree ({names}), so their times do not compare: "
            f"look at the losses in {folder / 'results.json'} and report it"
        )
