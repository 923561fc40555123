"""One definition: no place where parameters are told of lacks one, or says it in other words."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from workbench.spec import HEADS, PRECISIONS, REPORTING_POINTS
from workbench.store.parameters import cell, explanation, listing, table
from workbench.store.settings import SweepSettings
from workbench.training.device import DEVICES

ROOT = Path(__file__).parents[2]
BY_NAME = {item.name: item for item in fields(SweepSettings)}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("seeds", "how many, or a list: 1,2,5"),
        ("epochs", "passes over the training data; 0 is the task's own"),
        (
            "outputs",
            "folder of runs and reports, relative to the project; empty is the project's outputs/",
        ),
        ("reporting", "the epoch whose weights are scored: last or best-dev"),
        ("device", "where it trains: auto (the best here), cuda, mps or cpu"),
    ],
)
def test_an_explanation_tells_words_and_what_zero_stands_for(name, text):
    assert explanation(BY_NAME[name]) == text


@pytest.mark.parametrize("item", BY_NAME.values(), ids=BY_NAME)
def test_what_is_left_out_is_explained(item):
    assert bool(item.metadata["unset"]) == (item.default in (0, ""))


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("head", HEADS),
        ("reporting", REPORTING_POINTS),
        ("precision", ("auto", *PRECISIONS)),
        ("device", DEVICES),
    ],
)
def test_the_words_are_those_that_are_accepted(name, accepted):
    assert tuple(BY_NAME[name].metadata["words"]) == accepted
    assert BY_NAME[name].default in accepted


def test_the_cell_sets_every_parameter_to_its_default():
    namespace = {}
    exec(cell(), namespace)
    del namespace["__builtins__"]
    assert list(namespace) == list(BY_NAME)
    assert SweepSettings.from_values(namespace) == SweepSettings()
    assert max(map(len, cell().splitlines())) <= 100


@pytest.mark.parametrize("name", ["explore", "sweep"])
def test_the_notebooks_have_that_cell(name):
    cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text())["cells"]
    tagged = [one["source"] for one in cells if "parameters" in one["metadata"].get("tags", [])]
    assert ["".join(source) for source in tagged] == [cell()]


def test_the_readme_has_the_table():
    assert table() in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("item", BY_NAME.values(), ids=BY_NAME)
def test_every_text_has_every_parameter(item):
    assert f"\n{item.name} = " in f"\n{cell()}"
    for text in (cell(), table(), listing()):
        assert explanation(item) in text
    assert f"| `{item.name}` |" in table() and f"  {item.name} " in listing()
