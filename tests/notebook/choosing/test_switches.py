from dataclasses import dataclass, field, fields
from typing import ClassVar

import pytest

from workbench.errors import WorkbenchError
from workbench.notebook.choosing import switches
from workbench.notebook.choosing.switches import values_of
from workbench.techniques import Technique, parse, registry, setting


@dataclass(frozen=True)
class Patient(Technique):
    """Wait a while."""

    wait: int = setting(4, "steps to wait")
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


@pytest.mark.parametrize(
    ("technique", "setting", "layers", "wanted"),
    [
        ("freeze", "layers", 6, (3, 1, 0, 6, ())),
        ("freeze", "layers", 24, (12, 1, 0, 24, ())),
        ("freeze", "activations", 6, ("dropout", 0, None, None, ("dropout", "cached"))),
        ("reinit", "layers", 12, (1, 1, 0, 12, ())),
        ("layerwise", "decay", 12, (0.9, 0.01, 0.01, 1.0, ())),
        ("layerwise", "convention", 12, ("zhang", 0, None, None, ("zhang", "electra"))),
        ("longer", "factor", 12, (2.0, 0.1, 1.0, 1000.0, ())),
        ("unfreeze", "blocks", 6, (1, 1, 1, 7, ())),
        ("discriminative", "factor", 12, (2.6, 0.1, 1.0, 10.0, ())),
        ("pretrained-decay", "strength", 12, (0.01, 0.001, 0.0, 1.0, ())),
        ("mixout", "p", 12, (0.7, 0.01, 0.0, 0.99, ())),
        ("mixout", "dropout", 12, ("replace", 0, None, None, ("replace", "keep"))),
        ("average", "share", 12, (0.25, 0.01, 0.0, 1.0, ())),
        ("r-drop", "alpha", 12, (1.0, 0.1, 0.0, 100.0, ())),
        ("smooth", "weight", 12, (1.0, 0.1, 0.0, 100.0, ())),
        ("smooth", "radius", 12, (0.001, 0.0001, 0.0001, 1.0, ())),
        ("patient", "wait", 12, (4, 1, 2, None, ())),
        ("patient", "strength", 12, (0.25, 0.01, 0.1, 0.49, ())),
        ("patient", "note", 12, ("free", 0, None, None, ())),
    ],
)
def test_ranges_are_those_that_are_accepted(monkeypatch, technique, setting, layers, wanted):
    monkeypatch.setattr(switches, "registry", lambda: registry() | {"patient": Patient})
    switch = {item.name: item for item in switches.techniques(layers)}[technique]
    found = {item.name: item for item in switch.settings}[setting]
    assert (found.default, found.step, found.low, found.high, found.choices) == wanted


def test_every_technique_is_a_switch_with_its_own_words():
    found = switches.techniques(12)
    assert [switch.name for switch in found] == list(registry())
    for switch in found:
        kind = registry()[switch.name]
        assert (switch.summary, switch.source) == (kind.summary, kind.source)
        assert switch.help.startswith(kind.__doc__.splitlines()[0])
        assert parse(switch.typed({}), 12) == parse(switch.name, 12)


def test_a_technique_that_this_model_cannot_have_says_why(monkeypatch):
    monkeypatch.setattr(switches, "registry", lambda: {"deep": Deep})
    assert [switch.problem for switch in switches.techniques(6)] == ["deep needs 9 blocks"]
    assert [switch.problem for switch in switches.techniques(12)] == [""]


@pytest.mark.parametrize(
    ("technique", "values", "typed"),
    [
        ("freeze", {}, "freeze"),
        ("freeze", {"layers": 3}, "freeze"),
        ("freeze", {"layers": 2}, "freeze:2"),
        ("freeze", {"activations": "cached"}, "freeze:3:cached"),
        ("layerwise", {"decay": 0.8500000000000001}, "layerwise:0.85"),
        ("layerwise", {"decay": 1.0, "convention": "electra"}, "layerwise:1:electra"),
        ("longer", {"factor": 3.0}, "longer:3"),
        ("uncorrected", {}, "uncorrected"),
    ],
)
def test_what_stands_at_its_default_is_left_out(technique, values, typed):
    switch = {item.name: item for item in switches.techniques(6)}[technique]
    assert switch.typed(values) == typed
    parse(typed, 6)


@pytest.mark.parametrize(
    ("arm", "values"),
    [
        ("freeze", {"layers": 3, "activations": "dropout"}),
        ("freeze:half:cached", {"layers": 3, "activations": "cached"}),
        ("layerwise:0.95", {"decay": 0.95, "convention": "zhang"}),
        ("uncorrected", {}),
        ("freeze:7", None),
        ("freez", None),
        ("", None),
    ],
)
def test_what_was_typed_is_read_back(arm, values):
    assert values_of(arm, 6) == values


@pytest.mark.parametrize("kind", registry().values(), ids=registry())
def test_every_setting_of_a_technique_says_what_it_is(kind):
    assert all(item.metadata["help"] for item in fields(kind))
    (switch,) = [item for item in switches.techniques(12) if item.name == kind.name]
    helps = [item.metadata["help"] for item in fields(kind)]
    assert [item.help for item in switch.settings] == helps


def test_a_setting_without_words_of_its_own_has_those_of_its_technique(monkeypatch):
    monkeypatch.setattr(switches, "registry", lambda: {"patient": Patient})
    (switch,) = switches.techniques(6)
    assert [item.help for item in switch.settings] == ["steps to wait", "wait", "wait"]
