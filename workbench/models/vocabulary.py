"""Word embeddings restricted to the rows that a task's text uses.

A row whose word piece never occurs is never read and has no gradient, so training without it moves
no result, and it is most of the table: for BERT-base the table is a fifth of all parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    # Loading transformers' models takes two seconds, and counting rows needs none.
    from workbench.models.network import LoadedModel


def used_rows(token_ids: Sequence[np.ndarray], padding_id: int) -> np.ndarray:
    """Return the word pieces that occur, padding included, sorted, ``int64 [rows]``."""
    return np.unique(np.concatenate([np.asarray([padding_id]), *token_ids])).astype(np.int64)


def restrict(model: LoadedModel, rows: np.ndarray) -> LoadedModel:
    """Cut a model's word embeddings down, in place, to some rows.

    Parameters
    ----------
    model
        As loaded.
    rows
        From `used_rows`.

    Returns
    -------
    LoadedModel
        Whose network reads places in ``rows`` (`places`) instead of the tokenizer's ids.
    """
    encoder = model.network.encoder
    table: Any = encoder.get_input_embeddings()
    padding = int(places(np.asarray([model.padding_id]), rows)[0])
    kept = nn.Embedding(len(rows), table.embedding_dim, padding_idx=padding)
    with torch.no_grad():
        kept.weight.copy_(table.weight[torch.from_numpy(rows)])
    encoder.set_input_embeddings(kept)
    return replace(model, padding_id=padding)


def places(token_ids: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the place of each word piece among the rows, ``int32``."""
    return np.searchsorted(rows, token_ids).astype(np.int32)


def complete(table: Tensor, rows: np.ndarray, trained: Tensor, unused: float = 1.0) -> Tensor:
    """Put trained rows back into the checkpoint's word-embedding table.

    Parameters
    ----------
    table
        The checkpoint's, ``[vocabulary, hidden]``; it is not changed.
    rows
        From `used_rows`.
    trained
        Those rows after training, ``[rows, hidden]``.
    unused
        What weight decay has left of every other row: AdamW (Loshchilov and Hutter 2019,
        arXiv:1711.05101, algorithm 2) multiplies a row without a gradient by one minus rate times
        decay at each step, whatever its values are.
    """
    whole = table * unused
    whole[torch.from_numpy(rows)] = trained.to(whole.dtype)
    return whole
