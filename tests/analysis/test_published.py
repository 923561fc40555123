import pytest

from workbench.analysis import published
from workbench.analysis.published import TASK_TITLES, published_table

MODELS = ("bert", "roberta", "biobert", "scibert", "clinicalbert", "bluebert", "pubmedbert")
MODELS += ("biolinkbert", "biolinkbert-large")


@pytest.mark.parametrize("task", TASK_TITLES)
@pytest.mark.parametrize("model", MODELS)
def test_every_task_maps_to_one_number(task, model):
    found = published.published(task, model)
    table = published_table()
    rows = table[(table["model"] == found.model) & (table["task"] == TASK_TITLES[task])]
    assert list(rows["mean"]) and found.value in list(rows["mean"])
    assert 0 < found.value < 100


def test_the_later_generation_of_pubmedbert():
    assert published.published("jnlpba", "pubmedbert").value == 79.10
    assert published.published("gad", "pubmedbert").value == 83.96


def test_a_model_without_numbers_is_measured_against_a_named_other():
    found = published.published("biosses", "minilm")
    assert found == published.published("biosses", "pubmedbert")
    assert found.label == "PubMedBERT uncased (abstracts) 92.30"
    assert found.source == "Gu et al. 2020, arXiv:2007.15779, Table 6"
    assert "mean of 5 runs" in found.note


def test_options_of_a_task_do_not_matter():
    assert published.published("hoc:abstract", "bert") == published.published("hoc", "bert")


def test_generated_tasks_have_none():
    assert published.published("mini-similarity", "pubmedbert") is None


@pytest.mark.parametrize(
    ("task", "model", "expected"),
    [
        ("biosses", "pubmedbert", [(92.30, None, 10), (92.2, 1.1, 10)]),
        ("gad", "pubmedbert", [(83.96, None, 5), (82.4, 1.2, 10)]),
        ("gad", "biolinkbert", [(84.39, None, None), (82.1, 1.5, 10)]),
        ("gad", "biolinkbert-large", [(84.90, None, None)]),
        ("gad", "pubmedbert-fulltext", [(84.08, None, 5)]),
        ("hoc", "pubmedbert", [(82.32, None, 5)]),
        ("hoc:abstracts", "pubmedbert", []),
        ("hoc", "biolinkbert", []),
        ("hoc:abstracts", "biolinkbert", [(84.35, None, None)]),
        ("biosses", "minilm", []),
        ("biosses", "own/model", []),
        ("miniature-similarity", "pubmedbert", []),
    ],
)
def test_the_numbers_of_a_model_itself(task, model, expected):
    found = published.cells(task, model)
    assert [(cell.mean, cell.sd, cell.seeds) for cell in found] == expected


def test_every_model_and_task_has_one_number_in_a_table():
    for model in ("bert", "roberta", "scibert", "pubmedbert", "biolinkbert", "biolinkbert-large"):
        for task in TASK_TITLES:
            reading = "hoc:abstracts" if "link" in model and task == "hoc" else task
            places = [(cell.paper, cell.table) for cell in published.cells(reading, model)]
            assert len(places) == len(set(places)) >= 1
