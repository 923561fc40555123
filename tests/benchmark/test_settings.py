import pytest
import torch

from workbench.benchmark.settings import read_settings
from workbench.errors import WorkbenchError


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def native(monkeypatch):
    """Let this processor have some precisions."""

    def have(*precisions):
        monkeypatch.setattr(
            "workbench.benchmark.settings.native_precisions", lambda device, known: precisions
        )

    have("float32")
    return have


def test_the_defaults_of_a_processor(native):
    settings = read_settings()
    assert (settings.model, settings.device.type, settings.rounds) == ("minilm", "cpu", 3)
    assert settings.tasks == ("biosses", "hoc", "hoc:abstracts", "ncbi-disease")
    assert settings.techniques == ("baseline", "freeze")
    assert settings.seeds == (1, 5, 10, 20) and settings.parts == ("compare", "scaling")
    assert settings.precisions == ("float32",)
    assert (settings.compiled, settings.minutes, settings.pairs) == (None, 0, 10)


def test_precisions_are_compared_where_there_are_two(native):
    assert read_settings(precision="float32,bfloat16").parts == ("compare", "precision", "scaling")
    assert read_settings(precision="bfloat16").parts == ("compare", "precision", "scaling")
    native("float32", "bfloat16")
    assert read_settings().parts == ("compare", "precision", "scaling")
    assert read_settings(precision="float32").parts == ("compare", "scaling")
    assert read_settings(only="precision").parts == ("precision",)


def test_what_is_chosen(native):
    settings = read_settings(techniques="freeze", compiled="no", minutes=2.5, only="scaling")
    assert (settings.techniques, settings.compiled) == (("freeze",), False)
    assert (settings.minutes, settings.parts) == (2.5, ("scaling",))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"tasks": "hco"}, "did you mean 'hoc'"),
        ({"techniques": "freeze:6"}, "did you mean 'freeze'"),
        ({"seeds": "0"}, "at least 1"),
        ({"seeds": "five"}, "at least 1"),
        ({"precision": "bfloat"}, "did you mean 'bfloat16'"),
        ({"precision": "float16"}, "CUDA only"),
        ({"device": "cuda"}, "no cuda device"),
        ({"device": "gpu"}, "there is no device"),
        ({"only": "scal"}, "did you mean 'scaling'"),
        ({"only": "precision"}, "compares others with float32"),
        ({"rounds": -1}, "at least 1"),
        ({"pairs": 1}, "from 2 pairs on"),
        ({"compiled": "maybe"}, "compiled"),
        ({"minutes": -1.0}, "above 0"),
        ({"minutes": float("nan")}, "above 0"),
    ],
)
def test_what_is_mistyped_is_one_sentence(native, values, sentence):
    with pytest.raises(WorkbenchError, match=sentence) as problem:
        read_settings(**values)
    assert "\n" not in str(problem.value)
