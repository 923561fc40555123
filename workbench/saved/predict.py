"""Reads new text with a saved model, from its folder alone.

Text is encoded, cut and labelled as in training. It goes nowhere but through the model: no message
and no file holds any of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
)
from transformers.utils import logging as transformers_logging

from workbench.errors import WorkbenchError
from workbench.models.families import FAMILIES
from workbench.saved.answers import labelled, tagged
from workbench.saved.description import Description, read_description
from workbench.tasks.encoding import encode_texts, encode_words
from workbench.training.device import find_device

if TYPE_CHECKING:
    from transformers import BatchEncoding

Example = str | Sequence[str]
"""A text; two texts for a model of pairs; words for a model that labels tokens."""

BATCH_TOKENS = 4096
"""Word pieces of a batch, padding included: enough to keep a processor busy."""

QUIET_SECONDS = 2
"""Nothing is said about progress before."""


@dataclass(frozen=True)
class SavedModel:
    """A model and what it takes to read text with it.

    Attributes
    ----------
    model, tokenizer
        transformers' own.
    facts
        What it takes.
    longest
        Word pieces of an input, special ones included.
    """

    model: Any
    tokenizer: Any
    facts: Description
    longest: int

    @property
    def labels(self) -> list[str]:
        """The name of each output."""
        names = self.model.config.id2label
        return [names[number] for number in range(len(names))]

    @property
    def per_token(self) -> bool:
        """Whether each word has a label of its own."""
        return self.facts.inputs == "words"


def load(folder: str | Path, device: str = "auto") -> SavedModel:
    """Load a saved model; nothing is asked of the network, and no code of the folder runs.

    Raises
    ------
    WorkbenchError
        When the folder holds no model that labels texts or tokens, or a damaged one.
    """
    folder = Path(folder).expanduser()
    if not (folder / "config.json").is_file():
        raise WorkbenchError(
            f"the folder {str(folder)!r} holds no model: give one that was saved, such as those "
            "under outputs/models"
        )
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    place: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(folder, **place)
        per_token = _labels_tokens(config)
        kind = AutoModelForTokenClassification if per_token else AutoModelForSequenceClassification
        model = kind.from_pretrained(folder, config=config, use_safetensors=True, **place)
        tokenizer = AutoTokenizer.from_pretrained(folder, **place)
    except WorkbenchError:
        raise
    except Exception as problem:
        raise WorkbenchError(
            f"the model in {str(folder)!r} does not load ({type(problem).__name__}), so its files "
            "are damaged: save it again"
        ) from problem
    model = model.eval().to(find_device(device))
    facts = read_description(folder, per_token)
    return SavedModel(model, tokenizer, facts, _longest(config, tokenizer))


def predict(
    folder: str | Path,
    examples: Sequence[Example],
    device: str = "auto",
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Read new text with a saved model.

    Parameters
    ----------
    folder
        Of the model.
    examples
        Texts; pairs of texts for a model of pairs; lists of words for a model that labels tokens.
        A text there is split at its blanks.
    device
        ``auto``, ``cuda``, ``mps`` or ``cpu``.
    progress
        Whether a line tells how far it is and the time left, after two seconds.

    Returns
    -------
    list of dict
        One an example, in order: ``score`` (regression); ``label`` and ``probabilities`` by label;
        ``labels`` and ``probabilities`` where several labels may hold, each from a probability
        above one half; ``tags`` and their ``probabilities``, one a word, and ``mentions`` as
        ``[first word, word after the last, type]``. ``cut`` is there, and true, where an example
        was longer than the model takes; words that were cut off are tagged ``O``.

    Raises
    ------
    WorkbenchError
        When the folder holds no model, or an example is not what the model takes.

    Examples
    --------
    ``predict("outputs/models/hoc-1/baseline-seed3", ["Aspirin inhibits COX-1."])``
    """
    saved = load(folder, device)
    return read(saved, examples, progress)


def read(
    saved: SavedModel, examples: Sequence[Example], progress: bool = True
) -> list[dict[str, Any]]:
    """Read new text with a model that is loaded; see `predict`."""
    checked = [_checked(saved, number, each) for number, each in enumerate(examples, start=1)]
    if not checked:
        return []
    encoding = _encode(saved, checked)
    lengths = np.array([len(ids) for ids in encoding["input_ids"]])
    found: list[dict[str, Any]] = [{} for _ in checked]
    with tqdm(
        total=len(checked), unit=" texts", delay=QUIET_SECONDS, disable=not progress, leave=False
    ) as bar:
        for group in batches(lengths):
            logits = _logits(saved, encoding, group)
            for example, values in zip(group, logits, strict=True):
                found[example] = _answer(saved, encoding, example, values, checked[example])
            bar.update(len(group))
    return found


def batches(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Group examples of like length, the longest first, so that padding is little.

    The first batch is the largest one: if memory does not suffice, that is seen at once.

    Parameters
    ----------
    lengths
        Word pieces of each example, ``int64 [examples]``.
    """
    order = np.argsort(-lengths, kind="stable")
    first = 0
    while first < len(order):
        size = max(1, BATCH_TOKENS // int(lengths[order[first]]))
        yield order[first : first + size]
        first += size


def _labels_tokens(config: Any) -> bool:
    name = next(iter(config.architectures or []), "")
    if not name.endswith(("ForSequenceClassification", "ForTokenClassification")):
        raise WorkbenchError(
            f"a {name or 'model without an architecture'} labels neither texts nor tokens: give "
            "the folder of a model that was trained for a task"
        )
    return name.endswith("ForTokenClassification")


def _longest(config: Any, tokenizer: Any) -> int:
    """Return how many word pieces the model takes; a folder from elsewhere may not say."""
    family = FAMILIES.get(config.model_type)
    reach = family.longest(config) if family else getattr(config, "max_position_embeddings", 512)
    return min(tokenizer.model_max_length, reach)


def _checked(saved: SavedModel, number: int, example: Example) -> Example:
    """Return an example in the model's form.

    Raises
    ------
    WorkbenchError
        When it has another form; the sentence holds its number and none of its text.
    """
    found = _formed(saved.facts.inputs, number, example)
    try:
        "".join(found).encode()
    except UnicodeEncodeError:
        raise WorkbenchError(
            f"example {number} holds half a character (a surrogate): mend it"
        ) from None
    return found


def _formed(kind: str, number: int, example: Example) -> Example:
    parts = _parts(example)
    if kind == "words":
        words = example.split() if isinstance(example, str) else parts
        if words:
            return words
        raise WorkbenchError(f"example {number} holds no words: give a list of words, or a text")
    if kind == "text" and isinstance(example, str):
        return example
    if kind == "pair" and len(parts) == 2:
        return parts
    wanted = "two texts" if kind == "pair" else "one text"
    raise WorkbenchError(f"example {number} is not {wanted}, which this model takes: mend it")


def _parts(example: Any) -> list[str]:
    """Return the texts of an example that is more than one; nothing where it is not of texts."""
    parts = list(example) if isinstance(example, Iterable) else []
    texts = not isinstance(example, str) and all(isinstance(part, str) for part in parts)
    return parts if texts else []


def _encode(saved: SavedModel, examples: list[Any]) -> BatchEncoding:
    """Encode examples as in training, nothing padded."""
    if saved.per_token:
        return encode_words(saved.tokenizer, examples, saved.longest)
    if saved.facts.inputs == "text":
        return encode_texts(saved.tokenizer, examples, saved.longest)
    first, second = ([pair[side] for pair in examples] for side in (0, 1))
    return encode_texts(saved.tokenizer, first, saved.longest, second, saved.facts.keep_first)


@torch.inference_mode()
def _logits(saved: SavedModel, encoding: BatchEncoding, group: np.ndarray) -> np.ndarray:
    """Return ``float32 [examples, outputs]``, or per token ``[examples, tokens, outputs]``."""
    # Padding makes the mask.
    names = {*saved.tokenizer.model_input_names} - {"attention_mask"}
    given = {name: [encoding[name][example] for example in group] for name in names}
    padded: dict[str, Tensor] = saved.tokenizer.pad(
        given, padding_side="right", return_tensors="pt"
    )
    inputs = {name: value.to(saved.model.device) for name, value in padded.items()}
    return saved.model(**inputs).logits.float().cpu().numpy()


def _answer(
    saved: SavedModel, encoding: BatchEncoding, example: int, logits: np.ndarray, given: Any
) -> dict[str, Any]:
    """Say what the logits of one example mean, padding included."""
    if saved.per_token:
        firsts = _first_pieces(encoding.word_ids(example))
        answer = tagged(saved.labels, logits[firsts], len(given))
    else:
        answer = labelled(saved.labels, saved.model.config.problem_type, logits)
    return answer | ({"cut": True} if encoding[example].overflowing else {})


def _first_pieces(words: Sequence[int | None]) -> list[int]:
    """Return the place of each word's first piece."""
    before = [None, *words[:-1]]
    return [
        place
        for place, (word, last) in enumerate(zip(words, before, strict=True))
        if word is not None and word != last
    ]
