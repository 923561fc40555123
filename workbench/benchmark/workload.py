"""What the contestants train on: real text where there is some, else generated text as long.

A contestant is timed on a sample of a task's training batches. The sample is taken from the batches
that transformers' own length-grouped sampler makes of the whole training split, evenly from the
shortest to the longest, so that its batches are what they are in a whole epoch and its examples
spread over all lengths.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase
from transformers.trainer_pt_utils import get_length_grouped_indices

from workbench.errors import unknown
from workbench.models.checkpoint import Checkpoint
from workbench.models.tokenizer import load_tokenizer, longest
from workbench.models.vocabulary import used_rows
from workbench.tasks import miniature
from workbench.tasks.catalogue import canonical, find
from workbench.tasks.files import DATA_VARIABLE, cache_folder
from workbench.tasks.loading import SHAPES
from workbench.tasks.loading import load as load_task
from workbench.tasks.task import IGNORED, SPLITS, Encoded, Shape, Task

TASKS = ("biosses", "hoc", "hoc:abstracts", "ncbi-disease")
"""What is measured: HoC by sentences and by abstracts."""

REAL = "real text"
GENERATED = (
    "generated text, as many examples and as long as in the published training split (quantiles "
    "of word pieces, counted with the bundled MiniLM's tokenizer)"
)

_SHARES = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1)

_LENGTHS = {
    "biosses": (64, (30, 50, 54, 61, 68, 76, 82, 88, 93, 114, 128, 143, 152)),
    "hoc": (12119, (4, 21, 25, 29, 33, 37, 41, 46, 52, 63, 74, 103, 230)),
    "hoc:abstracts": (1295, (78, 232, 270, 300, 327, 350, 376, 406, 434, 481, 512, 512, 512)),
    "ncbi-disease": (5424, (4, 16, 21, 25, 29, 32, 36, 40, 46, 55, 63, 85, 165)),
}
"""Training examples, and the quantiles of their lengths at `_SHARES`, cut at 512 word pieces.

Counted on the published training splits with the tokenizer of the bundled MiniLM.
"""

_TAGGING = (2,) * 8 + (0, 1)
"""Tags of generated text: a mention of two words in every ten (see `workbench.tasks.mention`)."""


@dataclass(frozen=True)
class Work:
    """One task, encoded for one model.

    Attributes
    ----------
    name, title
        As users type it, and as the literature writes it.
    text
        Whether the text is real or generated, in words.
    objective, outputs
        Of the task.
    train
        The training split, token ids as the tokenizer gives them.
    used
        The word pieces that occur in any split, ``int64 [rows]``.
    batch_size, learning_rate, epochs
        Of the published recipe for the model's size.
    max_length
        Word pieces that the published commands pad to.
    """

    name: str
    title: str
    text: str
    objective: str
    outputs: int
    train: Encoded
    used: np.ndarray
    batch_size: int
    learning_rate: float
    epochs: int
    max_length: int

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps of one pass over the training split."""
        return -(-len(self.train) // self.batch_size)


def load_work(name: str, checkpoint: Checkpoint) -> Work:
    """Load and encode a task of the benchmark, or any generated task; nothing is downloaded.

    Raises
    ------
    WorkbenchError
        When the benchmark has no such task, or its files are damaged.
    """
    task, option = find(name)
    name = canonical(task, option)
    if name not in TASKS and not task.synthetic:
        raise unknown("task of the benchmark", name, TASKS)
    tokenizer, shape = load_tokenizer(checkpoint), SHAPES[task.shape](task)
    max_length = min(task.max_length, longest(checkpoint))
    text = text_of(task)
    if text == GENERATED:
        splits = [generate(name, shape, tokenizer, max_length)]
    else:
        loaded = load_task(name)
        splits = [shape.encode(loaded.splits[split], tokenizer, max_length) for split in SPLITS]
    recipe = task.recipes[checkpoint.size]
    return Work(
        name=name,
        title=f"{task.title} {option}" if task.options else task.title,
        text=text,
        objective=shape.objective,
        outputs=shape.outputs,
        train=splits[0],
        used=used_rows([split.token_ids for split in splits], tokenizer.pad_token_id),
        batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        epochs=recipe.epochs,
        max_length=max_length,
    )


def text_of(task: Task) -> str:
    """Say whether a task's real text is on this machine, or what stands in for it."""
    if task.synthetic:
        return "generated text"
    root = Path(os.environ.get(DATA_VARIABLE) or cache_folder()).expanduser()
    files = (root / task.folder / file for file in task.files)
    return REAL if all(file.is_file() for file in files) else GENERATED


def generate(
    name: str, shape: Shape, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> Encoded:
    """Make a training split of a task's published lengths out of generated sentences."""
    count, quantiles = _LENGTHS[name]
    # Every part of the distribution equally often, in a fixed random order.
    shares = np.random.default_rng(0).permutation((np.arange(count) + 0.5) / count)
    lengths = np.interp(shares, _SHARES, quantiles).round().astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(np.minimum(lengths, max_length))])
    inner = np.ones(offsets[-1], bool)
    inner[offsets[:-1]] = inner[offsets[1:] - 1] = False
    line = np.full(len(inner), tokenizer.sep_token_id, np.int32)
    line[offsets[:-1]] = tokenizer.cls_token_id
    line[inner] = np.resize(_pieces(tokenizer), inner.sum())
    return Encoded(line, np.zeros(len(line), np.int8), offsets, _labels(shape, count, inner))


def _pieces(tokenizer: PreTrainedTokenizerBase) -> np.ndarray:
    """Return the word pieces of generated sentences, one after another."""
    sentences = miniature.generate("document", miniature.Settings())["train"]["text"]
    encoded = tokenizer(list(sentences), add_special_tokens=False)["input_ids"]
    return np.concatenate([np.asarray(ids, np.int32) for ids in encoded])


def _labels(shape: Shape, count: int, inner: np.ndarray) -> np.ndarray:
    numbers = np.arange(count)
    if shape.objective == "regression":
        return (numbers % 5).astype(np.float32)
    if shape.objective == "multi-label":
        return np.eye(shape.outputs, dtype=np.float32)[numbers % shape.outputs]
    labels = np.full(len(inner), IGNORED, np.int64)
    labels[inner] = np.resize(_TAGGING, inner.sum())
    return labels


def sample(lengths: np.ndarray, batch_size: int, batches: int) -> np.ndarray:
    """Choose training batches that stand for a whole epoch.

    Parameters
    ----------
    lengths
        Tokens of each training example.
    batch_size
        Examples in a batch.
    batches
        How many to choose at most; there must be at least one full one.

    Returns
    -------
    ndarray
        Examples, ``int64 [batches, batch_size]``, each row a batch as transformers'
        ``LengthGroupedSampler`` makes it, shortest first.
    """
    generator = torch.Generator().manual_seed(0)
    order = get_length_grouped_indices(lengths.tolist(), batch_size, generator=generator)
    full = len(order) // batch_size
    made = np.asarray(order[: full * batch_size], np.int64).reshape(full, batch_size)
    made = made[np.argsort(lengths[made].sum(axis=1), kind="stable")]
    chosen = min(batches, full)
    return made[((np.arange(chosen) + 0.5) * full / chosen).astype(np.int64)]


def take(encoded: Encoded, examples: np.ndarray) -> Encoded:
    """Return some examples of a split, in the order given."""
    spans = [np.arange(encoded.offsets[i], encoded.offsets[i + 1]) for i in examples]
    tokens = np.concatenate(spans)
    by_example = len(encoded.labels) == len(encoded)
    return Encoded(
        encoded.token_ids[tokens],
        encoded.segments[tokens],
        np.concatenate([[0], np.cumsum([len(span) for span in spans])]).astype(np.int64),
        encoded.labels[examples if by_example else tokens],
    )
