from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from workbench.errors import WorkbenchError
from workbench.models import checkpoint
from workbench.models.catalogue import MODELS, Model
from workbench.notebook import choices
from workbench.tasks.catalogue import TASKS
from workbench.tasks.files import CACHE_VARIABLE, DATA_VARIABLE
from workbench.techniques import Technique, parse, registry


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """Let no checkpoint be cached, no data be here, and no test reach the network."""
    places = {}
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


@dataclass(frozen=True)
class Patient(Technique):
    """Wait a while."""

    wait: int = 4
    strength: float = 0.25
    note: str = "free"
    name: ClassVar[str] = "patient"
    summary: ClassVar[str] = "wait"
    source: ClassVar[str] = "nobody 2000"

    def __post_init__(self):
        if self.wait < 2 or not 0.1 <= self.strength < 0.5:
            raise WorkbenchError("patient: out of range")


@dataclass(frozen=True)
class Deep(Technique):
    """Need many blocks."""

    name: ClassVar[str] = "deep"
    summary: ClassVar[str] = "deep"
    source: ClassVar[str] = "nobody 2001"
    least: int = field(default=9)

    def resolve(self, layers):
        if layers < self.least:
            raise WorkbenchError(f"deep needs {self.least} blocks")
        return self


def test_models_are_the_catalogues_grouped_by_family_and_size():
    found = choices.models(network=True)
    assert {option.name for option in found} == set(MODELS)
    groups = [option.group for option in found]
    assert list(dict.fromkeys(groups)) == [
        "BERT, small",
        "BERT, base",
        "BERT, large",
        "RoBERTa, base",
        "RoBERTa, large",
        "ELECTRA, base",
        "ELECTRA, large",
    ]
    assert sorted(groups, key=groups.index) == groups


def test_a_model_that_is_added_appears(monkeypatch):
    added = Model("added", "Added", "owner/added", "newer", 3, 64)
    monkeypatch.setitem(MODELS, "added", added)
    found = {option.name: option for option in choices.models(network=True)}["added"]
    assert (found.title, found.group, found.layers) == ("Added", "newer, small", 3)
    # Three blocks of 12 * 64 * 64 + 13 * 64 numbers, four bytes each.
    assert choices._block_bytes(added) == 599_808
    assert found.facts[1] == "not on this machine; its blocks alone take 0.00 GB"


def test_what_is_on_this_machine_is_marked(cached):
    cached(MODELS["bert"].location)
    found = {option.name: option for option in choices.models(network=False)}
    assert (found["bert"].here, found["bert"].problem) == (True, "")
    assert found["bert"].facts[1].startswith("on this machine, 0.00 GB")
    assert not found["scibert"].here
    assert "'scibert' is not on this machine and there is no network" in found["scibert"].problem
    found = {option.name: option for option in choices.models(network=True)}
    assert (found["scibert"].here, found["scibert"].problem) == (False, "")


def test_the_hubs_own_setting_says_whether_there_is_a_network(monkeypatch):
    monkeypatch.setattr(choices.constants, "HF_HUB_OFFLINE", True)
    assert choices.problem("miniature-similarity", "bert", "baseline")
    monkeypatch.setattr(choices.constants, "HF_HUB_OFFLINE", False)
    assert not choices.problem("miniature-similarity", "bert", "baseline")


def test_auto_is_what_is_here(cached):
    assert choices.automatic("hoc") == "minilm"
    cached(MODELS["pubmedbert"].location)
    assert choices.automatic("hoc") == "pubmedbert"
    assert choices.automatic("miniature-document:size=32") == "minilm"


def test_layers_of_any_model(cached):
    folder = cached("owner/name", '{"num_hidden_layers": 5, "hidden_size": 8}')
    assert choices.layers_of("bert-large") == 24
    assert choices.layers_of("owner/name") == choices.layers_of(str(folder)) == 5
    assert choices.layers_of("owner/other") is None
    with pytest.raises(WorkbenchError, match="there is no model 'brt': did you mean 'bert'"):
        choices.layers_of("brt")


def test_tasks_are_the_catalogues_with_their_options():
    names = [option.name for option in choices.tasks(network=True)]
    assert [name for name in names if ":" not in name] == list(TASKS)
    assert "hoc:abstracts" in names


def test_a_task_tells_size_metric_and_yardstick():
    found = {option.name: option for option in choices.tasks("biolinkbert", network=True)}
    assert found["biosses"].group == "sentence similarity"
    assert found["biosses"].facts == (
        "64 / 16 / 20 sentence pairs in train, dev and test",
        "Pearson \N{MULTIPLICATION SIGN}100",
        "published: BioLinkBERT-base 93.25 (LinkBERT, arXiv:2203.15827, Table 7)",
    )
    made = found["miniature-mention"]
    assert (made.group, made.here, made.problem) == ("generated NER", True, "")
    assert made.facts[0] == "64 / 25 / 100 examples in train, dev and test"
    assert len(made.facts) == 2


@pytest.mark.parametrize(
    ("name", "network", "sentence"),
    [
        ("gad", True, "reading task 'gad' is not available yet"),
        ("hoc", True, ""),
        ("hoc", False, "cannot download HoC/train.tsv"),
    ],
)
def test_why_a_task_cannot_be_chosen(name, network, sentence):
    found = {option.name: option for option in choices.tasks(network=network)}[name]
    assert found.problem.startswith(sentence)
    assert (not found.problem, found.here) == (not sentence, False)


def test_data_in_the_users_folder_is_here(monkeypatch, tmp_path):
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    (tmp_path / "HoC").mkdir()
    for split in ("train", "dev", "test"):
        (tmp_path / "HoC" / f"{split}.tsv").touch()
    found = {option.name: option for option in choices.tasks(network=False)}
    assert (found["hoc"].here, found["hoc"].problem) == (True, "")
    assert "has no BIOSSES/train.tsv" in found["biosses"].problem


@pytest.mark.parametrize(
    ("technique", "setting", "layers", "wanted"),
    [
        ("freeze", "layers", 6, (3, 1, 0, 6, ())),
        ("freeze", "layers", 24, (12, 1, 0, 24, ())),
        ("freeze", "activations", 6, ("dropout", 0, None, None, ("cached", "dropout"))),
        ("reinit", "layers", 12, (1, 1, 0, 12, ())),
        ("layerwise", "decay", 12, (0.9, 0.01, 0.01, 1.0, ())),
        ("layerwise", "convention", 12, ("zhang", 0, None, None, ("electra", "zhang"))),
        ("longer", "factor", 12, (2.0, 0.1, 1.0, 1000.0, ())),
        ("patient", "wait", 12, (4, 1, 2, None, ())),
        ("patient", "strength", 12, (0.25, 0.01, 0.1, 0.49, ())),
        ("patient", "note", 12, ("free", 0, None, None, ())),
    ],
)
def test_ranges_are_those_that_are_accepted(monkeypatch, technique, setting, layers, wanted):
    monkeypatch.setattr(choices, "registry", lambda: registry() | {"patient": Patient})
    switch = {item.name: item for item in choices.techniques(layers)}[technique]
    found = {item.name: item for item in switch.settings}[setting]
    assert (found.default, found.step, found.low, found.high, found.choices) == wanted
    assert (found.help, switch.summary) == (switch.summary, switch.summary)


def test_every_technique_is_a_switch_with_its_own_words():
    switches = choices.techniques(12)
    assert [switch.name for switch in switches] == sorted(registry())
    for switch in switches:
        kind = registry()[switch.name]
        assert (switch.summary, switch.source) == (kind.summary, kind.source)
        assert switch.help.startswith(kind.__doc__.splitlines()[0])
        assert parse(switch.typed({}), 12) == parse(switch.name, 12)


def test_a_technique_that_this_model_cannot_have_says_why(monkeypatch):
    monkeypatch.setattr(choices, "registry", lambda: {"deep": Deep})
    assert [switch.problem for switch in choices.techniques(6)] == ["deep needs 9 blocks"]
    assert [switch.problem for switch in choices.techniques(12)] == [""]


def test_switches_are_joined_into_a_label():
    freeze, layerwise = choices.techniques(6)[:2]
    parts = [layerwise.typed({"convention": "electra"}), freeze.typed({"layers": 2})]
    assert choices.composed(parts, 6) == "freeze:2+layerwise:0.9:electra"
    assert choices.composed([], 6) == "baseline"


@pytest.mark.parametrize(
    ("task", "model", "technique", "sentence"),
    [
        ("miniature-mention", "roberta", "freeze:12", ""),
        ("miniature-mention", "owner/name", "freeze:99", ""),
        ("hco", "bert", "baseline", "there is no task 'hco': did you mean 'hoc'?"),
        ("gad", "bert", "baseline", "reading task 'gad' is not available yet"),
        ("hoc", "brt", "baseline", "there is no model 'brt'"),
        ("hoc", "bert", "freeze:13", "freeze:13 is out of range"),
        ("hoc", "bert", "freeze:12+reinit", "reinit:1+freeze:12 cannot work"),
        ("hoc", "bert", "frieze", "there is no technique 'frieze': did you mean 'freeze'?"),
    ],
)
def test_why_a_combination_cannot_work(task, model, technique, sentence):
    found = choices.problem(task, model, technique, network=True)
    assert found.startswith(sentence)
    assert bool(found) == bool(sentence)


@pytest.mark.parametrize(
    ("task", "model", "wanted"),
    [
        ("hoc", "bert", ["baseline", "freeze:6"]),
        ("biosses", "pubmedbert", ["baseline", "freeze:6", "reinit:1"]),
        ("hoc:abstracts", "bert-large", ["baseline", "layerwise:0.9"]),
        ("hoc", "electra", ["baseline", "layerwise:0.8:electra"]),
        ("hoc", "electra-large", ["baseline", "layerwise:0.9:electra"]),
        ("hoc", "roberta", ["baseline"]),
        ("biosses", "minilm", ["baseline"]),
        ("hoc", "auto", ["baseline"]),
        ("hoc", "owner/name", ["baseline"]),
        ("miniature-similarity", "bert", ["baseline"]),
    ],
)
def test_presets_are_what_a_source_recommends(task, model, wanted):
    found = choices.presets(task, model)
    assert [preset.technique for preset in found] == wanted
    assert all(preset.source for preset in found)
    assert all("not known here" in preset.note for preset in found[1:])


@pytest.mark.parametrize(
    ("task", "model", "source"),
    [
        ("hoc", "bert", "arXiv:2203.15827"),
        ("biosses", "minilm", "settings of this workbench: nobody"),
        ("miniature-similarity", "bert", "the task is generated"),
        ("hoc", "owner/name", "not known yet"),
    ],
)
def test_the_baseline_names_the_source_of_its_numbers(task, model, source):
    baseline = choices.presets(task, model)[0]
    assert source in baseline.source
    known = MODELS.get(model)
    name = task.partition(":")[0]
    assert baseline.recipe == (TASKS[name].recipes[known.size] if known else None)
