import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import spec
from workbench.errors import WorkbenchError
from workbench.spec import (
    HEADS,
    PRECISIONS,
    REPORTING_POINTS,
    RunSpec,
    canonical_json,
    identity,
)

PLAIN = RunSpec(
    task="biosses",
    data="d" * 64,
    model="minilm",
    weights="sha256:" + "0" * 64,
    learning_rate=2e-5,
    batch_size=16,
    epochs=30,
    max_length=512,
    weights_seed=0,
    order_seed=0,
    dropout_seed=0,
)
OTHERS = {
    "task": "hoc:abstracts",
    "data": "e" * 64,
    "model": "owner/Modèle",
    "weights": "1" * 40,
    "learning_rate": 3e-5,
    "batch_size": 32,
    "epochs": 3,
    "max_length": 256,
    "weights_seed": 1,
    "order_seed": 2,
    "dropout_seed": 3,
    "techniques": (
        ("freeze", (("activations", "dropout"), ("layers", 3))),
        ("layerwise", (("convention", "zhang"), ("decay", 0.9))),
    ),
    "head": "linear",
    "max_steps": 100,
    "train_size": 64,
    "subset_seed": 4,
    "warmup": 0.0,
    "weight_decay": 0.01,
    "beta1": 0.8,
    "beta2": 0.98,
    "epsilon": 1e-6,
    "clip_norm": 0.0,
    "dropout": 0.0,
    "precision": "bfloat16",
    "reporting": "best-dev",
}

_count, _share = st.integers(0, 2**40), st.floats(0, 1, exclude_max=True)
_positive = st.floats(0, 1e6, exclude_min=True)
_value = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_techniques = st.dictionaries(st.text(), st.dictionaries(st.text(), _value)).map(
    lambda found: tuple((name, tuple(sorted(found[name].items()))) for name in sorted(found))
)
SPECS = st.builds(
    RunSpec,
    **{name: st.text() for name in ("task", "data", "model", "weights")},
    **{name: _count for name in ("weights_seed", "order_seed", "dropout_seed", "subset_seed")},
    **{name: _count for name in ("max_steps", "train_size")},
    **{name: st.integers(1, 2**40) for name in ("batch_size", "epochs")},
    **{name: _share for name in ("warmup", "beta1", "beta2", "dropout")},
    **{name: _positive for name in ("learning_rate", "epsilon", "weight_decay", "clip_norm")},
    max_length=st.integers(4, 512),
    techniques=_techniques,
    head=st.sampled_from(HEADS),
    precision=st.sampled_from(PRECISIONS),
    reporting=st.sampled_from(REPORTING_POINTS),
)


@pytest.mark.parametrize(
    ("run", "golden"),
    [
        (PLAIN, "560cd5e64adfda8d"),
        (replace(PLAIN, techniques=OTHERS["techniques"]), "f951f8b53c286d72"),
        (RunSpec(**OTHERS), "545bb9a686bf4e53"),
    ],
    ids=["plain", "techniques", "all"],
)
def test_golden_identities(run, golden):
    """A changed hash means that finished runs are lost: raise a version instead."""
    assert run.id == golden


def test_every_field_is_varied():
    assert OTHERS.keys() == {item.name for item in fields(RunSpec)}


@pytest.mark.parametrize("name", OTHERS)
def test_every_field_changes_the_identity(name):
    assert replace(PLAIN, **{name: OTHERS[name]}).id != PLAIN.id


@pytest.mark.parametrize("version", ["SCHEMA_VERSION", "NUMERICS_VERSION"])
def test_both_versions_change_the_identity(version, monkeypatch):
    before = PLAIN.id
    monkeypatch.setattr(spec, version, -1)
    assert PLAIN.id != before


@given(SPECS)
def test_json_and_back(run):
    content = json.loads(json.dumps(run.to_json()))
    assert RunSpec.from_json(content) == run
    assert identity(content) == run.id
    assert len(run.id) == 16


def test_the_order_of_techniques_is_not_part_of_the_identity():
    turned = replace(PLAIN, techniques=OTHERS["techniques"][::-1])
    assert turned.id == replace(PLAIN, techniques=OTHERS["techniques"]).id


@pytest.mark.parametrize("one", [1, 1.0, np.float64(1)])
def test_equal_numbers_are_one_run(one):
    run = replace(PLAIN, learning_rate=one, weight_decay=-0.0)
    wanted = replace(PLAIN, learning_rate=1.0, weight_decay=0.0)
    assert (run, run.id) == (wanted, wanted.id)


def test_canonical_json():
    content = {"b": [1, 2.5, None], "a": {"é": True}}
    assert canonical_json(content) == '{"a":{"\\u00e9":true},"b":[1,2.5,null]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("learning_rate", 0, "above 0"),
        ("learning_rate", -1e-5, "above 0"),
        ("learning_rate", float("nan"), "above 0"),
        ("learning_rate", float("inf"), "above 0"),
        ("learning_rate", "2e-5", "above 0"),
        ("learning_rate", True, "above 0"),
        ("batch_size", 0, "a whole number, at least 1"),
        ("batch_size", 16.0, "a whole number, at least 1"),
        ("batch_size", True, "a whole number, at least 1"),
        ("epochs", 1.5, "a whole number, at least 1"),
        ("epochs", None, "a whole number, at least 1"),
        ("max_length", 3, "a whole number, at least 4 word pieces"),
        ("weights_seed", -1, "a whole number, at least 0"),
        ("order_seed", -1, "a whole number, at least 0"),
        ("dropout_seed", -1, "a whole number, at least 0"),
        ("subset_seed", -1, "a whole number, at least 0"),
        ("max_steps", -1, "a whole number, at least 0 .0 is no limit."),
        ("train_size", -1, "a whole number, at least 0 .0 is all."),
        ("warmup", 1, "at least 0 and below 1"),
        ("weight_decay", -0.1, "at least 0"),
        ("beta1", 1.0, "at least 0 and below 1"),
        ("beta2", 1.0, "at least 0 and below 1"),
        ("epsilon", 0.0, "above 0"),
        ("clip_norm", -1, "at least 0 .0 does not clip."),
        ("dropout", 1.0, "at least 0 and below 1"),
    ],
)
def test_a_value_out_of_range_is_refused(name, value, rule):
    with pytest.raises(WorkbenchError, match=f"^{name} is .*, but it must be {rule}$"):
        replace(PLAIN, **{name: value})


@pytest.mark.parametrize(
    ("name", "value", "nearest"),
    [
        ("head", "nativ", "native"),
        ("precision", "float23", "float32"),
        ("reporting", "best_dev", "best-dev"),
    ],
)
def test_an_unknown_choice_gives_the_nearest(name, value, nearest):
    with pytest.raises(WorkbenchError, match=f"no {name} '{value}': did you mean '{nearest}'?"):
        replace(PLAIN, **{name: value})


@pytest.mark.parametrize("version", ["schema", "numerics"])
@pytest.mark.parametrize("value", [0, 99, None, "3"])
def test_runs_of_another_version_are_refused(version, value):
    content = PLAIN.to_json() | {version: value}
    with pytest.raises(WorkbenchError, match=r"specified under schema and numerics .* start its"):
        RunSpec.from_json(content)


@pytest.mark.parametrize(
    ("seeds", "name"), [((3, 3, 3), "3"), ((0, 1, 2), "0/1/2"), ((0, 0, 1), "0/0/1")]
)
def test_a_run_is_called_by_its_seeds(seeds, name):
    kinds = ("weights_seed", "order_seed", "dropout_seed")
    assert replace(PLAIN, **dict(zip(kinds, seeds, strict=True))).seed_name == name
