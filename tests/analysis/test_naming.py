import numpy as np
import pytest

from workbench.analysis.naming import settings_in_words


@pytest.mark.parametrize(
    ("settings", "differing", "expected"),
    [
        ({}, (), ""),
        ({"head": "native", "train_size": 0, "weights": "sha256:" + "a" * 64}, (), ""),
        ({"train_size": 64.0, "head": "linear"}, (), "train_size 64, head linear"),
        ({"train_size": 0, "learning_rate": 2e-5}, {"train_size"}, "train_size 0"),
        ({"learning_rate": 2e-5, "epochs": 20}, {"learning_rate"}, "learning_rate 2e-05"),
        ({"weights": "sha256:" + "a" * 64}, {"weights"}, "weights sha256:aaaaaaa"),
        ({"data": "b" * 64, "theirs": "x"}, {"data", "theirs"}, "data bbbbbbbb, theirs x"),
        ({"head": None, "train_size": np.nan, "theirs": ""}, {"head", "theirs"}, ""),
        ({"stage": "tuning"}, (), "stage tuning"),
        ({"stage": ""}, {"stage"}, ""),
    ],
)
def test_settings_in_words(settings, differing, expected):
    assert settings_in_words(settings, differing) == expected
