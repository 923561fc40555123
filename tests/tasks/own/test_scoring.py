"""Metrics of own tasks: those of their kind, and functions of installed packages."""

import json

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from workbench.errors import WorkbenchError
from workbench.tasks.loading import load
from workbench.tasks.own.description import METRICS

PACKAGE = """
from sklearn.metrics import cohen_kappa_score

def kappa(gold, predicted):
    return cohen_kappa_score(gold, predicted, weights="quadratic")

def exact(gold, predicted):
    assert isinstance(gold, list) and gold[0][0][0] in "BIO"
    return sum(one == other for one, other in zip(gold, predicted)) / len(gold)

def rows_equal(gold, predicted):
    return float((gold == predicted).all(axis=1).mean())

def error(gold, predicted):
    return -float(abs(gold - predicted).mean())

def precision(gold, predicted):
    return 0.125

def undefined(gold, predicted):
    return float("nan")

def telling(gold, predicted):
    raise ValueError(f"Quillfeather {gold}")

LIST = []
"""

POINTS = """[workbench.metrics]
kappa = ward_metrics:kappa
exact = ward_metrics:exact
rows-equal = ward_metrics:rows_equal
error = ward_metrics:error
precision = ward_metrics:precision
undefined = ward_metrics:undefined
telling = ward_metrics:telling
no-function = ward_metrics:LIST
missing = ward_metrics:nothing
"""


@pytest.fixture(autouse=True)
def package(tmp_path, monkeypatch):
    """Install a package that offers metrics."""
    site = tmp_path / "site"
    info = site / "ward_metrics-1.2.dist-info"
    info.mkdir(parents=True)
    (site / "ward_metrics.py").write_text(PACKAGE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ward-metrics\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(site)
    return info


@pytest.fixture
def load_kind(task_file, secrets):
    """Return a function that loads a small task of a kind with a metric."""

    def make(kind, metric):
        rows = {
            "classification": lambda place: {"label": "abc"[place % 3]},
            "multi-label": lambda place: {"label": ["a", "b"][: place % 3]},
            "regression": lambda place: {"label": place / 4},
            "tokens": lambda place: {
                "words": ["a", "b"],
                "tags": [["B-X", "O"], ["O", "O"]][place % 2],
            },
        }[kind]
        lines = (json.dumps({"text": text} | rows(place)) for place, text in enumerate(secrets))
        files = {"a.jsonl": "\n".join(lines)}
        return load(str(task_file(files, data="a.jsonl", kind=kind, metric=metric)))

    return make


@pytest.mark.parametrize(
    ("kind", "metric"), [(kind, name) for kind in METRICS for name in METRICS[kind]]
)
def test_metrics_of_the_kinds_stand_first(load_kind, kind, metric):
    task = load_kind(kind, metric)
    records = task.splits["train"]
    number = len(records)
    size = {"multi-label": (number, 2), "tokens": 2 * number}.get(kind, number)
    predictions = np.zeros(size, np.int64)
    assert next(iter(task.shape.score(records, predictions))) == task.task.metric == metric
    assert load_kind(kind, "").task.metric == METRICS[kind][0]


def test_a_function_scores_classes(load_kind):
    task = load_kind("classification", "kappa")
    records = task.splits["train"]
    predictions = np.random.default_rng(0).integers(0, 3, len(records)).astype(np.int8)
    scores = task.shape.score(records, predictions)
    wanted = cohen_kappa_score(records["label"], predictions, weights="quadratic")
    assert next(iter(scores)) == task.task.metric == "kappa"
    assert scores["kappa"] == pytest.approx(wanted) and "macro_f1" in scores
    # No constant agrees with anything beyond chance.
    assert task.shape.best_constant_score(records) == 0.0


def test_a_function_scores_sentences_of_tags(load_kind):
    task = load_kind("tokens", "exact")
    records = task.splits["train"]
    outside = task.shape.labels.index("O")
    constant = np.full(2 * len(records), outside)
    share = sum(tags == [outside, outside] for tags in records["tags"]) / len(records)
    assert task.shape.score(records, constant)["exact"] == share
    assert task.shape.best_constant_score(records) == share


def test_a_function_scores_sets_of_labels(load_kind):
    task = load_kind("multi-label", "rows-equal")
    records = task.splits["train"]
    labels = np.asarray(records["labels"])
    assert task.shape.score(records, labels.astype(np.uint8))["rows-equal"] == 1.0
    best = max((labels == row).all(axis=1).mean() for row in ([1, 0], [1, 1]))
    assert task.shape.best_constant_score(records) == best


def test_a_function_scores_numbers(load_kind):
    task = load_kind("regression", "error")
    records = task.splits["train"]
    predictions = np.asarray(records["score"], np.float32) + 0.5
    assert task.shape.score(records, predictions)["error"] == pytest.approx(-0.5)
    assert task.shape.best_constant_score(records) is None


def test_a_function_stands_before_a_score_of_its_name(load_kind):
    task = load_kind("classification", "precision")
    records = task.splits["test"]
    scores = task.shape.score(records, np.zeros(len(records), np.int8))
    assert next(iter(scores.items())) == ("precision", 0.125)


def test_a_run_that_diverged_has_no_score(load_kind):
    task = load_kind("regression", "error")
    records = task.splits["test"]
    assert task.shape.score(records, np.full(len(records), np.nan))["error"] is None


def test_what_a_function_does_not_know_is_none(load_kind):
    task = load_kind("classification", "undefined")
    records = task.splits["test"]
    assert task.shape.score(records, np.zeros(len(records), np.int8))["undefined"] is None
    assert task.shape.best_constant_score(records) is None


def test_the_shape_is_else_what_it_is(load_kind, bert):
    task, plain = load_kind("classification", "kappa"), load_kind("classification", "")
    records = task.splits["train"]
    encoded = task.shape.encode(records, bert, 64)
    assert np.array_equal(encoded.labels, plain.shape.encode(records, bert, 64).labels)
    assert task.shape.objective == "single-label" and task.shape.outputs == 3
    assert task.shape.count(records) == len(records)
    assert task.shape.best_constant_loss(encoded) == plain.shape.best_constant_loss(encoded)


def test_another_version_of_the_package_is_another_task(load_kind, package):
    before = load_kind("classification", "kappa").data_hash
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: ward-metrics\nVersion: 1.3\n")
    assert load_kind("classification", "kappa").data_hash != before


def test_a_function_that_fails_does_not_quote_what_it_was_given(load_kind, leaked):
    task = load_kind("classification", "telling")
    records = task.splits["test"]
    with pytest.raises(
        WorkbenchError, match=r"'telling' of ward-metrics 1.2 failed \(ValueError\)"
    ) as refused:
        task.shape.score(records, np.zeros(len(records), np.int8))
    assert not leaked(str(refused.value)) and refused.value.__suppress_context__


@pytest.mark.parametrize(
    ("metric", "sentence"),
    [
        (
            "acuracy",
            "there is no metric of classification tasks 'acuracy': did you mean 'accuracy'",
        ),
        ("pearson", "there is no metric of classification tasks 'pearson'"),
        ("os:getcwd", "there is no metric of classification tasks 'os:getcwd'"),
        ("no-function", "the metric 'no-function' at ward_metrics:LIST does not load"),
        ("missing", "the metric 'missing' at ward_metrics:nothing does not load"),
    ],
)
def test_what_is_no_metric(load_kind, metric, sentence):
    with pytest.raises(WorkbenchError, match=sentence):
        load_kind("classification", metric)
