"""What the outputs of a saved model mean, in the words of its labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

OUTSIDE = "O"
"""The tag of a word in no mention, and of one that was cut off."""

_DIGITS = 6


def labelled(labels: Sequence[str], problem: str | None, logits: np.ndarray) -> dict[str, Any]:
    """Say what the outputs for a whole input mean.

    Parameters
    ----------
    labels
        Names of the outputs.
    problem
        transformers' word for the kind of task; None is one label of several, or a score.
    logits
        ``float [outputs]``.

    Returns
    -------
    dict
        ``score``; or ``labels`` and ``probabilities``; or ``label`` and ``probabilities``.
    """
    # As transformers takes one output where nothing is said of the kind of task.
    if problem == "regression" or (problem is None and len(labels) == 1):
        return {"score": _rounded(logits[0])}
    if problem == "multi_label_classification":
        chosen = [label for label, value in zip(labels, logits, strict=True) if value > 0]
        shares = 1 / (1 + np.exp(-logits.astype(np.float64)))
        return {"labels": chosen, "probabilities": _by_label(labels, shares)}
    chosen_one = labels[int(np.argmax(logits))]
    return {"label": chosen_one, "probabilities": _by_label(labels, _softmax(logits))}


def tagged(labels: Sequence[str], logits: np.ndarray, words: int) -> dict[str, Any]:
    """Say what the outputs for the words of a text mean.

    Parameters
    ----------
    labels
        Names of the outputs.
    logits
        Of each word that was not cut off, ``float [words, outputs]``.
    words
        How many words the text has.

    Returns
    -------
    dict
        ``tags`` and ``probabilities`` of each word, and `mentions`.
    """
    shares = _softmax(logits)
    tags = [labels[number] for number in shares.argmax(axis=-1)]
    lost = words - len(tags)
    return {
        "tags": tags + [OUTSIDE] * lost,
        "probabilities": [*map(_rounded, shares.max(axis=-1)), *[None] * lost],
        "mentions": mentions(tags),
    }


def mentions(tags: Sequence[str]) -> list[list[int | str]]:
    """Find the mentions in the tags of a sentence.

    An I after no mention of its type opens one, as the CoNLL evaluation reads it.

    Returns
    -------
    list of [first, end, type]
        First word, word after the last, and type (empty for tags without one).

    Examples
    --------
    >>> mentions(["B", "I", "O", "I"]), mentions(["B-gene", "I-drug"])
    ([[0, 2, ''], [3, 4, '']], [[0, 1, 'gene'], [1, 2, 'drug']])
    """
    found: list[list[int | str]] = []
    before = OUTSIDE
    for place, tag in enumerate(tags):
        position, _, kind = tag.partition("-")
        continues = position == "I" and before != OUTSIDE and before.partition("-")[2] == kind
        if continues:
            found[-1][1] = place + 1
        elif tag != OUTSIDE:
            found.append([place, place + 1, kind])
        before = tag
    return found


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _by_label(labels: Sequence[str], shares: np.ndarray) -> dict[str, float]:
    return {label: _rounded(share) for label, share in zip(labels, shares, strict=True)}


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)
