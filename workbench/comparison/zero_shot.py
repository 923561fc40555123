"""How well the bundled MiniLM scores on BIOSSES before anything is trained.

It was trained for sentence similarity, so that the cosine of two sentences' mean states already
tells how similar they are: what fine-tuning is worth is what it adds to that, and may be less than
nothing. The score is computed from the weights and the test file on this machine, and kept beside
the runs under the hashes of both.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from workbench.analysis.summary import percent, with_interval
from workbench.comparison.sentence import Answer, Row, Sentence, above, ask, below, either, known
from workbench.errors import WorkbenchError
from workbench.models.catalogue import BUNDLED
from workbench.models.checkpoint import Checkpoint, bundled
from workbench.store.atomic import write_json
from workbench.tasks.catalogue import TASKS

if TYPE_CHECKING:
    from workbench.tasks.loading import LoadedTask

TASK = "biosses"

ADDS = ask("adds to zero shot", "Does fine-tuning add to what the model scores without any?")

ZERO_SHOT_QUESTIONS = (ADDS,)


class ZeroShot(NamedTuple):
    """The score of a model that nothing was trained of."""

    score: float | None
    """The task's metric on its test items, raw scale; None where it cannot be computed here."""
    problem: str = ""
    """Why it cannot, in one sentence."""


def zero_shot(outputs: Path) -> ZeroShot:
    """Return MiniLM's own score on the test pairs of BIOSSES; nothing is downloaded for it.

    The two sentences of a pair are encoded each by itself, their states in the top layer averaged
    over all word pieces, special ones included, and compared by their cosine (Reimers and Gurevych
    2019, Sentence-BERT, arXiv:1908.10084; the pooling that the checkpoint was trained with).

    Parameters
    ----------
    outputs
        The folder of the runs, where the score is kept.
    """
    try:
        checkpoint, task = bundled(), _task()
    except WorkbenchError as problem:
        return ZeroShot(None, str(problem))
    path = outputs / "zero-shot" / f"{_short(checkpoint.weights)}-{_short(task.data_hash)}.json"
    kept = _kept(path, checkpoint.weights, task.data_hash)
    return kept or _keep(path, checkpoint, task)


def beside(table: pd.DataFrame, outputs: Path) -> list[Sentence]:
    """Say of each group of MiniLM on BIOSSES what fine-tuning adds; without one nothing is loaded.

    Parameters
    ----------
    table
        From `workbench.comparison.table.compare`, of test scores.
    outputs
        The folder of the runs.
    """
    rows = table[(table["model"] == BUNDLED) & (table["task"] == TASK)].to_dict("records")
    found = zero_shot(outputs) if rows else None
    return [_adds(row, found) for row in rows if found]


def _adds(row: Row, found: ZeroShot) -> Sentence:
    who = f"{row['technique']} with {BUNDLED} on {TASK}"
    if found.score is None:
        text = f"What fine-tuning adds in {who} is not known: {found.problem}."
        return Sentence(ADDS, Answer.UNDECIDED, text, row["group"])
    alone = f"{percent(found.score)} that the model scores without any training"
    if not (known(row["low"]) and known(row["high"])):
        text = f"What fine-tuning adds in {who} to the {alone} cannot be told from its runs."
        return Sentence(ADDS, Answer.UNDECIDED, text, row["group"])
    answer = either(above(row["low"], found.score), below(row["high"], found.score))
    words = {
        Answer.YES: "lies above",
        Answer.NO: "lies below",
        Answer.UNDECIDED: "is not told apart from",
    }[answer]
    mean = with_interval(row["mean"], row["low"], row["high"])
    return Sentence(ADDS, answer, f"{who}: the mean {mean} {words} the {alone}.", row["group"])


def _task() -> LoadedTask:
    """Load the task, if its files are on this machine.

    Raises
    ------
    WorkbenchError
        When they are not.
    """
    # Imported here: what reads data takes a second to load.
    from workbench.tasks.loading import load, locate

    locate(TASKS[TASK], open_url=_not_here)
    return load(TASK)


def _not_here(url: str) -> NoReturn:
    raise WorkbenchError(f"the data of {TASK} are not on this machine")


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def _kept(path: Path, weights: str, data: str) -> ZeroShot | None:
    """Return the score that was kept, None where there is none or another one's."""
    try:
        content = json.loads(path.read_text(encoding="utf8"))
        same = (content["weights"], content["data"]) == (weights, data)
        return ZeroShot(float(content["score"])) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, checkpoint: Checkpoint, task: LoadedTask) -> ZeroShot:
    score = _score(checkpoint, task)
    content = {"model": BUNDLED, "weights": checkpoint.weights, "task": TASK}
    # Where nothing can be written, it is computed again the next time.
    with suppress(WorkbenchError):
        write_json(path, content | {"data": task.data_hash, "score": score})
    return ZeroShot(score)


def _score(checkpoint: Checkpoint, task: LoadedTask) -> float | None:
    records = task.splits["test"]
    first, second = (
        _unit(embeddings(checkpoint, list(texts)))
        for texts in zip(*task.shape.inputs(records), strict=True)
    )
    return task.shape.score(records, (first * second).sum(axis=1))[task.task.metric]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def embeddings(checkpoint: Checkpoint, texts: list[str]) -> np.ndarray:
    """Return the mean state of each text in the top layer, ``float64 [texts, hidden]``.

    Parameters
    ----------
    checkpoint
        On this machine.
    texts
        Cut to what the checkpoint reaches.
    """
    # Imported here: torch takes seconds, and most tables need no model.
    import torch

    from workbench.models.network import load_whole
    from workbench.models.tokenizer import load_tokenizer, longest

    encoder = load_whole(checkpoint, outputs=1, per_token=False)[0].base_model.eval()
    given = load_tokenizer(checkpoint)(
        texts, padding=True, truncation=True, max_length=longest(checkpoint), return_tensors="pt"
    )
    with torch.inference_mode():
        states = encoder(**given).last_hidden_state.double()
    inside = given["attention_mask"].unsqueeze(-1)
    return ((states * inside).sum(dim=1) / inside.sum(dim=1)).numpy()
