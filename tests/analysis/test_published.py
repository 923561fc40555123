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
