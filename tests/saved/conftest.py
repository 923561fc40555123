"""Runs of small models, trained with weight decay, and studies whose models are kept."""

import pytest
import torch

from workbench.models import network
from workbench.saved import writing
from workbench.spec import RunSpec
from workbench.tasks.loading import load as load_task
from workbench.training.plan import Execution
from workbench.training.prepared import encode
from workbench.training.recorder import Unrecorded
from workbench.training.trainer import Trainer

CPU = Execution(torch.device("cpu"))


@pytest.fixture(scope="session")
def small_checkpoints(save_checkpoints, tmp_path_factory):
    """Return a checkpoint of random weights for each family, with MiniLM's word pieces."""
    return save_checkpoints(tmp_path_factory.mktemp("models"), layers=2, positions=70)


@pytest.fixture(scope="session")
def train_members():
    """Return a function that trains a cohort of two members with weight decay."""

    def train(checkpoint, task, reporting=("last", "best-dev"), max_length=40, **values):
        loaded = load_task(task)
        per_token = loaded.shape.objective == "token"
        model = network.load(checkpoint, loaded.shape.outputs, per_token, dropout=0.1)
        prepared = encode(loaded, model, max_length)
        specs = [
            RunSpec(
                task=loaded.name,
                data=loaded.data_hash,
                model=str(checkpoint.folder),
                weights=checkpoint.weights,
                # Fast enough that the best epoch is not the last one.
                learning_rate=3e-3,
                batch_size=8,
                epochs=2,
                max_length=max_length,
                weight_decay=0.1,
                weights_seed=seed,
                order_seed=seed,
                dropout_seed=seed,
                reporting=point,
                **values,
            )
            for seed, point in enumerate(reporting)
        ]
        trainer = Trainer(specs, prepared, Unrecorded(), CPU)
        return trainer, trainer.run()

    return train


@pytest.fixture(scope="session")
def write_member():
    """Return a function that writes the model of one member of a trained cohort."""

    def write(folder, trainer, run):
        writing.write_model(folder, "small", trainer, run)
        return folder

    return write


@pytest.fixture
def make_study(small_study):
    """Return a function that plans a small study of one epoch in a store of its own."""

    def make(name="outputs", cohort=1, **values):
        return small_study(name, cohort, **{"epochs": 1} | values)

    return make
