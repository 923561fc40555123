import pytest

from workbench.models.catalogue import MODELS
from workbench.notebook.choosing.presets import presets, recipe_of
from workbench.tasks.catalogue import TASKS

pytestmark = pytest.mark.usefixtures("machine")


@pytest.mark.parametrize(
    ("task", "model", "wanted"),
    [
        ("hoc", "bert", ["baseline", "freeze:6"]),
        ("biosses", "pubmedbert", ["baseline", "reinit:1", "freeze:6"]),
        ("hoc:abstracts", "bert-large", ["baseline", "layerwise:0.9"]),
        ("biosses", "pubmedelectra", ["baseline", "reinit:1", "layerwise:0.8:electra"]),
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
    found = presets(task, model)
    assert [preset.technique for preset in found] == wanted
    assert all(preset.source for preset in found)
    assert all("not known here" in preset.note for preset in found[1:])
    assert [preset.techniques for preset in found][1:] == [
        f"baseline,{name}" for name in wanted[1:]
    ]
    assert found[0].techniques == "baseline"


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
    baseline = presets(task, model)[0]
    assert source in baseline.source
    known = MODELS.get(model)
    name = task.partition(":")[0]
    assert baseline.recipe == (TASKS[name].recipes[known.size] if known else None)


def test_electra_is_told_what_speaks_against_fresh_top_layers():
    found = {preset.technique: preset for preset in presets("biosses", "electra")}
    assert "no gain for ELECTRA" in found["reinit:1"].note
    plain = {preset.technique: preset for preset in presets("biosses", "bert")}
    assert "ELECTRA" not in plain["reinit:1"].note


def test_the_tasks_own_numbers_are_those_of_the_models_size(cached):
    folder = cached("owner/name", '{"num_hidden_layers": 5, "hidden_size": 1024}')
    assert recipe_of("hoc", str(folder)) == TASKS["hoc"].recipes["large"]
    assert recipe_of("miniature-mention", "auto") == TASKS["miniature-mention"].recipes["small"]
    assert recipe_of("hoc", "auto") is None, "a download decides which model it is"
    assert recipe_of("hoc", "bert") == TASKS["hoc"].recipes["base"]
    assert recipe_of("hoc", "owner/other") is None


def test_an_own_task_has_numbers_of_its_own(own_task):
    found = presets(str(own_task), "bert")
    assert [preset.technique for preset in found] == ["baseline"]
    assert found[0].source.startswith("settings of the task file; where it names none")
    assert recipe_of(str(own_task), "bert").learning_rate == 3e-5
