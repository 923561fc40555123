import numpy as np
import pytest

from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings
from workbench.store.study import plan_study


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
