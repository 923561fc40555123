from dataclasses import replace

import pytest

from workbench.benchmark.foretelling import compile_seconds, run_seconds, step_seconds
from workbench.benchmark.job import ENGINE, PUBLISHED, TUNED


@pytest.mark.parametrize(
    ("contestant", "operations", "device", "expected"),
    [
        (ENGINE, 75.0, "cpu", 10.0),  # 75 / (10 x 0.75)
        (TUNED, 75.0, "cpu", 25.0),
        (PUBLISHED, 75.0, "cpu", 37.5),
        (ENGINE, 75.0, "cuda", 30.0),
        (ENGINE, 0.001, "cuda", 0.05),  # Launching takes longer than computing.
    ],
)
def test_a_step_takes_its_operations_or_its_launches(contestant, operations, device, expected):
    assert step_seconds(contestant, operations, 10.0, device) == pytest.approx(expected)


def test_a_run_is_its_steps():
    assert run_seconds(ENGINE, 75.0, 5, 10.0, "cpu") == pytest.approx(10.0)
    assert run_seconds(ENGINE, 0.0, 5, 10.0, "cuda") == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("contestant", "device", "compiled", "compiles"),
    [
        (ENGINE, "cuda", None, True),
        (ENGINE, "cuda", False, False),
        (ENGINE, "cpu", None, False),
        (ENGINE, "cpu", True, True),
        (TUNED, "cuda", True, False),
    ],
)
def test_only_the_engine_compiles(make_comparison, contestant, device, compiled, compiles):
    job = make_comparison(rounds=100).job(ENGINE)
    long = replace(job.specs[0], epochs=1000)
    job = replace(job, specs=(long,), contestant=contestant, device=device, compiled=compiled)
    assert (compile_seconds(job) > 0) is compiles
    assert compile_seconds(replace(job, specs=(replace(long, epochs=1),))) == (
        compile_seconds(job) if compiled else 0
    )
