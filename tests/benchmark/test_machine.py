import pytest
import torch

from workbench.benchmark import machine
from workbench.benchmark.machine import MatrixProducts
from workbench.training.operations import Dimensions

CPU = torch.device("cpu")
INFO = "model name\t: AMD EPYC 9R14\nflags\t\t: fpu {} avx2 avx512f\nbogomips : 5\n"


@pytest.mark.parametrize(
    ("flag", "precisions"),
    [
        ("avx512_bf16", ["float32", "bfloat16"]),
        ("amx_bf16", ["float32", "bfloat16"]),
        ("avx512_fp16", ["float32"]),
        ("", ["float32"]),
    ],
)
def test_what_a_processor_has(monkeypatch, flag, precisions):
    monkeypatch.setattr(machine, "_processor_file", lambda: INFO.format(flag))
    known = ("float32", "bfloat16", "float16")
    assert machine.native_precisions(CPU, known) == precisions
    assert machine.processor() == "AMD EPYC 9R14"
    assert set(machine.instruction_sets()) == {"avx2", "avx512f"} | ({flag} - {""})
    assert machine.short_name(CPU).startswith("amd-epyc-9r14-")


def test_a_machine_without_such_a_file_has_a_name(monkeypatch):
    monkeypatch.setattr(machine, "_processor_file", lambda: "")
    assert machine.processor() and machine.instruction_sets() == []


def test_the_description_names_neither_host_nor_user():
    found = machine.describe(CPU)
    assert found["cores"] >= 1 and found["memory_bytes"] > 1e8 and found["gpu"] is None
    assert set(found["versions"]) >= {"torch", "transformers"}
    assert not {"host", "user", "path"} & set(found)


def test_the_rate_is_that_of_the_best_shape(monkeypatch):
    products = MatrixProducts(Dimensions(2, 32, 48, False), "float32", CPU)
    assert products.shapes == [(1024, 32, 32), (1024, 32, 48), (1024, 48, 32), (2048,) * 3]

    def seconds(self, values, weights, products):
        # The square product is twice as fast for each operation as any other.
        rows, inner = values.shape
        work = 2 * rows * inner * len(weights)
        return work / (4e9 if rows == 2048 else 2e9)

    monkeypatch.setattr(MatrixProducts, "_seconds", seconds)
    monkeypatch.setitem(machine._SECONDS, "cpu", 0)
    assert products.rate() == pytest.approx(4e9)


def test_the_rate_is_the_whole_machines_whatever_torch_was_told(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr(machine, "cores", lambda: before + 2)
    seen = []
    monkeypatch.setattr(
        MatrixProducts, "_rate", lambda self, *shape: seen.append(torch.get_num_threads()) or 1e9
    )
    MatrixProducts(Dimensions(1, 8, 8, False), "float32", CPU).rate()
    assert seen == [before + 2] * 4 and torch.get_num_threads() == before


def test_more_threads_than_cores_are_left_alone_and_a_failure_gives_them_back(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr(machine, "cores", lambda: before - 1)
    with machine.on_all_cores():
        assert torch.get_num_threads() == before
    monkeypatch.setattr(machine, "cores", lambda: before + 1)
    with pytest.raises(ValueError), machine.on_all_cores():
        raise ValueError
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_rate_is_measured(monkeypatch, precision):
    monkeypatch.setitem(machine._SQUARE, "cpu", 64)
    monkeypatch.setitem(machine._SECONDS, "cpu", 0)
    assert MatrixProducts(Dimensions(1, 8, 8, False), precision, CPU).rate() > 1e6


def test_products_are_waited_for_together_and_their_numbers_differ(monkeypatch):
    monkeypatch.setitem(machine._SQUARE, "cpu", 64)
    monkeypatch.setitem(machine._SECONDS, "cpu", 0)
    monkeypatch.setitem(machine._UNWATCHED, "cpu", 0.05)
    seen = []

    def seconds(self, values, weights, products):
        assert len(values.unique()) > 100 and len(weights.unique()) > 10
        seen.append(products)
        return 0.01

    monkeypatch.setattr(MatrixProducts, "_seconds", seconds)
    MatrixProducts(Dimensions(1, 8, 8, False), "float32", CPU).rate()
    # Of each of four shapes a first product, one that is timed, and three times five.
    assert seen == [1, 1, 5, 5, 5] * 4


def test_the_seconds_are_those_of_one_product(monkeypatch):
    clock = iter([1.0, 4.0])
    monkeypatch.setattr(machine.time, "perf_counter", lambda: next(clock))
    products = MatrixProducts(Dimensions(1, 8, 8, False), "float32", CPU)
    assert products._seconds(torch.ones(2, 2), torch.ones(2, 2), 6) == 0.5
