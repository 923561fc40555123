import math
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import workbench
from workbench.errors import WorkbenchError
from workbench.store.settings import SweepSettings, outputs_folder, project_root

NAMES = [item.name for item in fields(SweepSettings)]


def read(**values):
    return SweepSettings.from_values(values)


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("task", "hoc", "hoc"),
        ("models", "minilm,bert", "minilm,bert"),
        ("models", ["minilm", "bert"], "minilm,bert"),
        ("techniques", ("baseline", "freeze:2"), "baseline,freeze:2"),
        ("seeds", 5, "5"),
        ("seeds", [1, 2], "1,2"),
        ("seeds", [7], "7,"),
        ("learning_rate", 2e-5, 2e-5),
        ("learning_rate", "2e-5", 2e-5),
        ("learning_rate", 1, 1.0),
        ("batch_size", 16, 16),
        ("batch_size", "16", 16),
        ("batch_size", 16.0, 16),
        ("epochs", 3, 3),
        ("outputs", None, ""),
        ("outputs", Path("a") / "b", "a/b"),
        ("study", 2024, "2024"),
    ],
)
def test_values_as_notebooks_and_papermill_give_them(name, given, kept):
    value = getattr(read(**{name: given}), name)
    assert (value, type(value)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("epochs", 1.5, "a whole number"),
        ("epochs", "1.5", "a whole number"),
        ("epochs", -1, "a number of at least 0"),
        ("epochs", True, "a number of at least 0"),
        ("epochs", "three", "a number of at least 0"),
        ("epochs", None, "a number of at least 0"),
        ("epochs", [3], "a number of at least 0"),
        ("epochs", 10**400, "a number of at least 0"),
        ("learning_rate", math.nan, "a number of at least 0"),
        ("learning_rate", math.inf, "a number of at least 0"),
        ("learning_rate", "-inf", "a number of at least 0"),
        ("learning_rate", -1e-5, "a number of at least 0"),
        ("learning_rate", False, "a number of at least 0"),
    ],
)
def test_a_number_that_cannot_be_read_is_refused(name, value, rule):
    with pytest.raises(WorkbenchError, match=f"^{name} is .*, but it must be {rule}$"):
        read(**{name: value})


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("taks", "task"), ("model", "models"), ("lr_rate", "learning_rate"), ("EPOCHS", "epochs")],
)
def test_an_unknown_parameter_gives_the_nearest(typed, nearest):
    with pytest.raises(WorkbenchError, match=f"'{typed}': did you mean '{nearest}'?"):
        read(**{typed: 1})


@pytest.mark.parametrize(
    ("given", "seeds"),
    [
        (5, [0, 1, 2, 3, 4]),
        ("1", [0]),
        ("1,2,5", [1, 2, 5]),
        (" 5, 1 ", [5, 1]),
        ("7,", [7]),
        ([7], [7]),
        (100, list(range(100))),
        ("1001,", [1001]),
        ((3, 1), [3, 1]),
        (["3", "1"], [3, 1]),
    ],
)
def test_seeds_are_a_count_or_a_list(given, seeds):
    assert read(seeds=given).seed_list == seeds


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (0, "seeds is 0, but it must be at least 1"),
        (-1, "seeds is -1, but it must be at least 1"),
        (101, "seeds is 101, which would be so many runs .* write '101,' for that one seed"),
        ("a", "seeds is 'a', but it must be a count, such as 5, or a list"),
        ("", "seeds is '', but it must be a count"),
        (2.5, "seeds is '2.5', but it must be a count"),
        (True, "seeds is 'True', but it must be a count"),
        ("1,,2", "but it must be a count"),
        ("1,-2", "seeds is '1,-2', but each must be 0 or more and given once"),
        ([2, 2], "seeds is '2,2', but each must be 0 or more and given once"),
        ([-1], "seeds is '-1,', but each must be 0 or more and given once"),
    ],
)
def test_seeds_that_cannot_be_are_refused(given, sentence):
    with pytest.raises(WorkbenchError, match=sentence):
        _ = read(seeds=given).seed_list


def test_names_are_kept_in_order():
    settings = read(models=" roberta, minilm,", techniques="reinit:2,baseline,freeze+longer")
    assert settings.model_names == ["roberta", "minilm"]
    assert settings.technique_names == ["reinit:2", "baseline", "freeze+longer"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "models is empty: name at least one, or leave it out"),
        (" , ", "models is empty"),
        ("bert,minilm,bert", "names one twice: name each once"),
    ],
)
def test_lists_of_names_that_cannot_be_are_refused(text, sentence):
    with pytest.raises(WorkbenchError, match=sentence):
        _ = read(models=text).model_names


def test_a_notebooks_variables_are_its_settings():
    namespace = {
        "task": "hoc",
        "epochs": 3,
        "seeds": [4],
        "_": "a result",
        "_i1": "task = 'hoc'",
        "__name__": "__main__",
        "In": ["", "task = 'hoc'"],
        "Out": {},
        "get_ipython": lambda: None,
        "exit": object(),
        "sys": sys,
        "Sweep": SweepSettings,
        "len": len,
    }
    assert SweepSettings.from_namespace(namespace) == read(task="hoc", epochs=3, seeds=[4])


def test_a_mistyped_variable_of_a_notebook_is_refused():
    with pytest.raises(WorkbenchError, match=r"no parameter 'taks': did you mean 'task'\?"):
        SweepSettings.from_namespace({"task": "hoc", "taks": "biosses"})


@pytest.mark.parametrize("item", fields(SweepSettings), ids=lambda item: item.name)
def test_every_setting_has_help_and_a_default_that_is_read_back(item):
    assert item.metadata["help"]
    assert read(**{item.name: item.default}) == SweepSettings()


def test_json_and_back():
    settings = read(task="hoc", seeds=[7], learning_rate=2e-5, models=["a", "b"])
    assert list(settings.to_json()) == NAMES
    assert SweepSettings.from_values(settings.to_json()) == settings


def test_outputs_lie_in_the_project_whatever_the_working_directory(tmp_path, monkeypatch):
    root = Path(workbench.__file__).resolve().parents[1]
    before = outputs_folder(SweepSettings())
    monkeypatch.chdir(tmp_path)
    assert project_root() == root
    assert outputs_folder(SweepSettings()) == before == root / "outputs"


def test_a_folder_that_was_named_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert outputs_folder(read(outputs=tmp_path / "mine")) == tmp_path / "mine"
    assert outputs_folder(read(outputs="~/mine")) == tmp_path / "mine"


@pytest.mark.parametrize(
    ("given", "variable", "found"),
    [
        ("", "", project_root() / "outputs"),
        ("", "/drive/runs", Path("/drive/runs")),
        ("", "~/runs", Path.home() / "runs"),
        ("/here", "/drive/runs", Path("/here")),
        # Whether a notebook or a terminal asks, and wherever it was started.
        ("mine", "", project_root() / "mine"),
    ],
)
def test_where_outputs_go(monkeypatch, given, variable, found):
    monkeypatch.setenv("WORKBENCH_OUTPUTS", variable)
    assert outputs_folder(SweepSettings(outputs=given)) == found


@pytest.mark.parametrize(
    ("vary", "triples"),
    [
        ("together", [(4, 4, 4), (7, 7, 7)]),
        ("weights", [(4, 4, 4), (7, 4, 4)]),
        ("order", [(4, 4, 4), (4, 7, 4)]),
        ("dropout", [(4, 4, 4), (4, 4, 7)]),
    ],
)
def test_seeds_vary_together_or_alone(vary, triples):
    assert read(seeds=[4, 7], vary=vary).seed_triples == triples


@pytest.mark.parametrize("count", [3, 4, 7])
def test_crossed_every_two_kinds_of_seeds_meet_once(count):
    triples = read(seeds=count, vary="crossed").seed_triples
    assert len(triples) == count**2
    for kinds in ((0, 1), (0, 2), (1, 2)):
        assert len({tuple(triple[kind] for kind in kinds) for triple in triples}) == count**2


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"vary": "crosed"}, "did you mean 'crossed'"),
        ({"vary": "crossed", "seeds": 2}, "2 seeds cannot tell weights, order and dropout apart"),
        ({"vary": ""}, "value of vary"),
    ],
)
def test_what_seeds_cannot_set_is_refused(given, sentence):
    with pytest.raises(WorkbenchError, match=sentence):
        read(**given)
