from types import SimpleNamespace

import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.training import device as module
from workbench.training.device import find_device, find_precision, has_bfloat16

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("features", "precision"),
    [
        ({}, "float32"),
        ({"avx2": True, "avx512_bf16": False}, "float32"),
        ({"avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
    ],
)
def test_a_processor_trains_in_what_it_multiplies_natively(features, precision, monkeypatch):
    monkeypatch.setattr(module, "_processor_features", lambda: features)
    assert find_precision("auto", CPU) == precision
    assert has_bfloat16(CPU) == (precision == "bfloat16")


@pytest.mark.parametrize(
    ("capability", "precision"),
    [((6, 1), "float32"), ((7, 5), "float16"), ((8, 0), "bfloat16"), ((9, 0), "bfloat16")],
)
def test_a_gpu_trains_in_what_it_multiplies_natively(capability, precision, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert find_precision("auto", CUDA) == precision


def test_tf32_is_refused_where_it_would_change_nothing(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    for device in (CPU, CUDA):
        with pytest.raises(WorkbenchError, match="choose precision=float32"):
            find_precision("tf32", device)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 6))
    assert find_precision("tf32", CUDA) == "tf32"


@pytest.mark.parametrize("name", ["float32", "bfloat16", "float16"])
def test_what_is_asked_for_is_taken(name):
    assert find_precision(name, CPU) == name


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(WorkbenchError, match="float16"):
        find_precision("fp16", CPU)
    with pytest.raises(WorkbenchError, match="cuda"):
        find_device("cudda")


def test_what_the_processor_has_is_asked_of_torch():
    assert isinstance(module._processor_features(), dict)


def test_tf32_is_switched_for_gpus_alone(monkeypatch):
    switch = SimpleNamespace(allow_tf32=False)
    monkeypatch.setattr(torch.backends.cuda, "matmul", switch)
    for precision, device, allowed in [
        ("tf32", CPU, False),
        ("tf32", CUDA, True),
        ("float32", CUDA, False),
    ]:
        module.allow_tf32(precision, device)
        assert switch.allow_tf32 == allowed


@pytest.mark.parametrize("works", [True, False])
@pytest.mark.parametrize("kind", ["cpu", "cuda", "mps"])
def test_triton_is_for_nvidia_alone(works, kind, monkeypatch):
    monkeypatch.setattr(module, "_TRITON_WORKS", works)
    assert module.has_triton(torch.device(kind)) is (works and kind == "cuda")


@pytest.mark.parametrize(
    ("granted", "cores"),
    [
        ("max 100000\n", 8),
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("50000 100000\n", 1),
        ("1600000 100000\n", 8),
        ("", 8),
        (None, 8),
    ],
)
def test_a_container_may_grant_fewer_cores(granted, cores, monkeypatch, tmp_path):
    path = tmp_path / "cpu.max"
    if granted is not None:
        path.write_text(granted)
    monkeypatch.setattr(module, "_GRANT", path)
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert module.cores() == cores
