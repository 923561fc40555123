"""Every family's own class reads back what was trained, parameter by parameter."""

import json

import numpy as np
import pytest
import torch

from workbench.models.checkpoint import Checkpoint
from workbench.models.export import Outputs, Trained, export
from workbench.models.network import load, load_whole
from workbench.models.vocabulary import restrict

CLASSES = {False: "ForSequenceClassification", True: "ForTokenClassification"}


def outputs(per_token=False, labels=("no", "yes", "maybe")):
    problem = None if per_token else "single_label_classification"
    return Outputs(labels, per_token, problem, max_length=24)


def trained(model, rows, unused=0.5):
    """Return weights of which each is its own number."""
    torch.manual_seed(3)
    weights = {name: torch.rand_like(value) for name, value in model.network.named_parameters()}
    return Trained(weights, rows, unused, dropout=0.2)


@pytest.mark.parametrize("per_token", [False, True])
@pytest.mark.parametrize(
    "family", ["bert", "roberta", "electra", "distilbert", "modernbert", "deberta-v2"]
)
def test_the_weights_stand_where_the_family_has_them(family, per_token, folders, tmp_path):
    checkpoint = Checkpoint("small", folders[family], "w")
    loaded = load(checkpoint, 3, per_token, dropout=0.2)
    table = loaded.network.encoder.get_input_embeddings().weight.detach().clone()
    rows = np.array(sorted({loaded.padding_id, 2, 5}))
    weights = trained(restrict(loaded, rows), rows)
    export(tmp_path, checkpoint, weights, outputs(per_token))

    saved = Checkpoint("saved", tmp_path, "w")
    model, parameters = load_whole(saved, 3, per_token)
    assert type(model).__name__.endswith(CLASSES[per_token])
    assert json.loads((tmp_path / "config.json").read_text())["architectures"] == [
        type(model).__name__
    ]
    assert parameters.keys() == weights.weights.keys()
    words = model.get_input_embeddings().weight
    for name, value in parameters.items():
        if value is not words:
            assert torch.equal(value, weights.weights[name]), name
        else:
            others = np.setdiff1d(np.arange(len(table)), rows)
            assert torch.equal(value[rows], weights.weights[name])
            assert torch.equal(value[others], table[others] * 0.5)


def test_a_second_reading_of_the_folder_knows_no_new_parameter(folders, tmp_path):
    checkpoint = Checkpoint("small", folders["bert"], "w")
    model = load(checkpoint, 3, per_token=False)
    export(tmp_path, checkpoint, trained(model, np.arange(9)), outputs())
    assert model.new and load(Checkpoint("saved", tmp_path, "w"), 3, per_token=False).new == ()


def test_weights_of_another_head_are_refused(folders, tmp_path):
    checkpoint = Checkpoint("small", folders["bert"], "w")
    model = load(checkpoint, 3, per_token=False, head="linear")
    with pytest.raises(ValueError, match="not those of the family's own head"):
        export(tmp_path, checkpoint, trained(model, np.arange(9)), outputs())
    assert list(tmp_path.iterdir()) == []
