import numpy as np
import pytest
from huggingface_hub import constants

from workbench.models import checkpoint
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings
from workbench.store.study import plan_study
from workbench.tasks.files import CACHE_VARIABLE, DATA_VARIABLE


@pytest.fixture
def study_of(tmp_path):
    """Return a function that stores a study whose runs made given predictions.

    Seeds (of three, for two techniques) that are given no prediction stay unfinished; a number
    stands for every one of the 100 test items.
    """

    def make(shape, predictions):
        store = RunStore(tmp_path / "outputs")
        settings = {
            "task": f"miniature-{shape}:size=4",
            "models": "minilm",
            "techniques": "baseline,reinit:1",
            "seeds": "3",
            "device": "cpu",
        }
        study = plan_study(SweepSettings.from_values(settings), store)
        for spec in study.specs:
            if spec.weights_seed in predictions:
                values = np.full(100, predictions[spec.weights_seed], np.float32)
                store.finish(spec, {"metric": "pearson"}, {"test": values}, {})
        return store, study

    return make


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Let no checkpoint be cached, no data be here, and no test reach the network there is."""
    places = {}
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(checkpoint, "cached_folder", places.get)
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(checkpoint, "_downloaded", _asked)
    return places


def _asked(*_):
    raise AssertionError("the network was asked")


@pytest.fixture
def cached(machine, tmp_path):
    """Put a checkpoint of five bytes where the hub's cache has it."""

    def put(location, config="{}"):
        folder = tmp_path / location.replace("/", "-")
        folder.mkdir()
        (folder / "config.json").write_text(config)
        (folder / "model.safetensors").write_bytes(b"five!")
        machine[location] = folder
        return folder

    return put
