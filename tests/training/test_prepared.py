from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import bundled
from workbench.models.network import load
from workbench.models.vocabulary import places, restrict, used_rows
from workbench.tasks.loading import load as load_task
from workbench.training.inputs import preparation_key
from workbench.training.prepared import prepare


@pytest.fixture(scope="module")
def spec(make_spec):
    task = load_task("miniature-similarity:size=24")
    return make_spec(
        0, task=task.name, data=task.data_hash, model="minilm", weights=bundled().weights
    )


def test_other_data_is_refused(spec):
    with pytest.raises(WorkbenchError, match="not those this run was specified with"):
        prepare(replace(spec, data="0" * 64))


def test_other_weights_are_refused(spec):
    with pytest.raises(WorkbenchError, match="weights of minilm"):
        prepare(replace(spec, weights="sha256:0"))


def test_the_training_split_is_the_subset(spec):
    assert len(prepare(replace(spec, train_size=10)).encoded["train"]) == 10
    assert preparation_key(spec) != preparation_key(replace(spec, train_size=10))
    assert preparation_key(spec) == preparation_key(replace(spec, weights_seed=5))


def test_restricted_embeddings_show_the_same_words(spec):
    prepared = prepare(spec)
    full = load(bundled(), 1, False).network.encoder.get_input_embeddings().weight
    kept = prepared.model.network.encoder.get_input_embeddings().weight
    text = prepared.task.shape.encode(
        prepared.task.splits["test"], prepared.model.tokenizer, spec.max_length
    )
    mine = kept[torch.from_numpy(prepared.encoded["test"].token_ids).long()]
    assert torch.equal(mine, full[torch.from_numpy(text.token_ids).long()])
    assert len(kept) < len(full) / 10


def test_rows_are_what_occurs_and_the_padding():
    rows = used_rows([np.array([7, 5, 7]), np.array([9])], padding_id=0)
    assert rows.tolist() == [0, 5, 7, 9]
    assert places(np.array([9, 5, 0]), rows).tolist() == [3, 1, 0]


def test_the_padding_row_keeps_its_role():
    model = restrict(load(bundled(), 1, False), np.array([0, 5, 9]))
    assert model.padding_id == 0
    assert model.network.encoder.get_input_embeddings().padding_idx == 0
