import numpy as np
import pytest
import torch

from workbench.models.checkpoint import find_checkpoint
from workbench.models.network import load
from workbench.models.vocabulary import complete, places, restrict, used_rows


def test_rows_are_those_that_occur_and_padding():
    splits = [np.array([7, 2, 7], np.int32), np.array([3], np.int32)]
    rows = used_rows(splits, padding_id=1)
    assert rows.dtype == np.int64
    assert rows.tolist() == [1, 2, 3, 7]
    assert places(np.array([7, 1, 3]), rows).tolist() == [3, 0, 2]


@pytest.mark.parametrize("family", ["bert", "roberta", "electra"])
def test_a_restricted_network_gives_the_same_states(folders, family):
    checkpoint = find_checkpoint(str(folders[family]))
    ids = np.array([2, 7, 5, 3])
    full = load(checkpoint, 2, per_token=True)
    rows = used_rows([ids], full.padding_id)
    position = {"position_ids": torch.arange(4).unsqueeze(0) + full.position_offset}
    with torch.inference_mode():
        wanted = full.network.eval().encoder(input_ids=torch.from_numpy(ids)[None], **position)
        small = restrict(load(checkpoint, 2, per_token=True), rows)
        placed = torch.from_numpy(places(ids, rows))[None]
        found = small.network.eval().encoder(input_ids=placed, **position)
    assert torch.equal(found.last_hidden_state, wanted.last_hidden_state)
    table = small.network.encoder.get_input_embeddings()
    assert table.num_embeddings == len(rows) == 5
    assert table.padding_idx == small.padding_id == rows.tolist().index(full.padding_id)


def test_training_without_the_unused_rows_is_training_with_them():
    """A whole table under torch's AdamW with weight decay, against its used rows put back."""
    table = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    rows, decay = np.array([1, 4]), 0.2
    rates = [0.1, 0.05, 0.2]
    whole, used = torch.nn.Parameter(table.clone()), torch.nn.Parameter(table[rows].clone())
    for parameter, read in ((whole, torch.from_numpy(rows)), (used, torch.arange(2))):
        optimizer = torch.optim.AdamW([parameter], weight_decay=decay)
        for rate in rates:
            optimizer.param_groups[0]["lr"] = rate
            (parameter[read] ** 3).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
    unused = float(np.prod([1 - rate * decay for rate in rates]))
    found = complete(table, rows, used.detach(), unused)
    torch.testing.assert_close(found, whole.detach(), rtol=1e-6, atol=1e-7)
    assert torch.equal(complete(table, rows, table[rows]), table)
