from types import SimpleNamespace

import pytest
import torch

from workbench.notebook.watching import watched
from workbench.notebook.watching.watched import Speed, tokens_per_step


def test_tokens_of_a_step_are_the_mean_of_an_epoch(monkeypatch):
    workload = SimpleNamespace(
        lengths={"train": torch.tensor([10, 20, 30, 40, 50]).numpy()},
        plan=lambda spec: SimpleNamespace(steps_per_epoch=2),
    )
    monkeypatch.setattr(watched, "measure_all", lambda specs: {"a": workload})
    assert tokens_per_step(SimpleNamespace(specs=[SimpleNamespace(id="a")])) == {"a": 75.0}


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([(0, 0)], None),
        ([(0, 100), (0.5, 200)], None),
        ([(0, 100), (2, 500)], 200.0),
        ([(0, 100), (2, 100)], None),
        # What is longer ago than ten seconds no longer counts.
        ([(0, 0), (5, 5000), (12, 5700)], 100.0),
    ],
)
def test_speed_over_the_last_seconds(looks, expected):
    clock = iter([second for second, _ in looks])
    speed = Speed(lambda: next(clock))
    assert [speed(number) for _, number in looks][-1] == expected
