import pytest

from workbench.analysis import published
from workbench.analysis.published import TASK_TITLES, blurb_score, published_table
from workbench.errors import WorkbenchError

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


@pytest.mark.parametrize(
    ("model", "score"),
    [
        ("pubmedbert", 81.16),
        ("bert", 76.11),
        ("biobert", 80.34),
        ("biolinkbert", 83.39),
        ("biolinkbert-large", 84.30),
    ],
)
def test_published_scores_recompute(model, score):
    scores = {task: published.published(task, model).value for task in TASK_TITLES}
    assert blurb_score(scores) == pytest.approx(score, abs=0.006)


@pytest.mark.parametrize("model", MODELS)
def test_the_table_prints_the_score_that_recomputes(model):
    yardsticks = {task: published.published(task, model) for task in TASK_TITLES}
    table = published_table()
    printed = table[
        (table["model"] == yardsticks["hoc"].model)
        & (table["task"] == "BLURB score")
        & table["table"].isin(["Table 6", "Table 7"])
    ]
    score = blurb_score({task: item.value for task, item in yardsticks.items()})
    assert score == pytest.approx(printed["mean"].item(), abs=0.006)


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


def test_blurb_score_weighs_types_equally():
    scores = dict.fromkeys(TASK_TITLES, 0.0) | {"biosses": 60.0, "pubmedqa": 60.0}
    assert blurb_score(scores) == pytest.approx((60 + 30) / 6)


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_tasks_are_named(missing):
    scores = dict.fromkeys(TASK_TITLES, 50.0) | {"bioasq": missing}
    del scores["gad"]
    with pytest.raises(WorkbenchError, match="add scores for gad, bioasq"):
        blurb_score(scores)


def test_unknown_tasks_are_refused():
    with pytest.raises(WorkbenchError, match="did you mean 'hoc'"):
        blurb_score({"hco": 50.0})
