import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workbench.comparison.settings import CompareSettings
from workbench.errors import WorkbenchError
from workbench.spec import PRECISIONS
from workbench.store.parameters import cell, listing, table
from workbench.store.settings import outputs_folder

ROOT = Path(__file__).parents[2]


def read(**values):
    return CompareSettings.from_values(values)


def test_nothing_given_compares_everything():
    settings = read()
    assert (settings.task_names, settings.model_names, settings.technique_names) == ([], [], [])
    assert settings.period == (None, None)
    assert settings.paths == {"scores": [], "predictions": []}
    assert settings.baseline == "baseline"


def test_names_and_paths_are_kept_in_order():
    settings = read(
        tasks=["hoc", "biosses"], models="minilm, bert", techniques="a:1+b", scores="x.csv,y.csv"
    )
    assert settings.task_names == ["hoc", "biosses"]
    assert settings.model_names == ["minilm", "bert"]
    assert settings.technique_names == ["a:1+b"]
    assert settings.paths["scores"] == ["x.csv", "y.csv"]


def test_a_task_file_is_known_by_its_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read(tasks="own.yaml").task_names == [str(tmp_path / "own.yaml")]


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        ("2026-01-31", "", datetime(2026, 1, 31, tzinfo=UTC), None),
        # papermill reads this as a number.
        (20260131, "", datetime(2026, 1, 31, tzinfo=UTC), None),
        ("", "2026-01-31", None, datetime(2026, 1, 31, 23, 59, 59, 999999, UTC)),
        ("2026-01-31T18:05", "", datetime(2026, 1, 31, 18, 5, tzinfo=UTC), None),
        ("2026-01-31T05:00+02:00", "", datetime(2026, 1, 31, 3, tzinfo=UTC), None),
    ],
)
def test_a_period_holds_its_last_day(since, until, first, last):
    assert read(since=since, until=until).period == (first, last)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"taks": "hoc"}, "no parameter 'taks': did you mean 'tasks'"),
        ({"family": "tsk"}, "no value of family 'tsk': did you mean 'task'"),
        ({"precision": "flot32"}, "no value of precision 'flot32': did you mean 'float32'"),
        ({"split": "train"}, "no value of split 'train'"),
        ({"since": "yesterday"}, "since is 'yesterday', but it must be a date"),
        ({"until": "2026-02-30"}, "until is '2026-02-30', but it must be a date"),
        ({"since": "2026-02-01", "until": "2026-01-31"}, "after until, 2026-01-31: exchange"),
        ({"tasks": ","}, "tasks is empty: name at least one, or leave it out"),
        ({"scores": "a.csv,a.csv"}, "names one twice"),
        ({"baseline": " "}, "baseline is empty: name a technique"),
        ({"report": "../elsewhere"}, "report name '../elsewhere' cannot be a folder's"),
        ({"report": ""}, "report name '' cannot be a folder's"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(values, sentence):
    with pytest.raises(WorkbenchError, match=sentence):
        read(**values)


def test_the_words_are_those_of_a_run():
    (item,) = [item for item in fields(CompareSettings) if item.name == "precision"]
    assert tuple(item.metadata["words"]) == PRECISIONS


def test_the_cell_of_parameters_is_read_back():
    namespace: dict = {}
    exec(cell(CompareSettings), namespace)
    del namespace["__builtins__"]
    assert CompareSettings.from_namespace(namespace) == CompareSettings()
    assert max(map(len, cell(CompareSettings).splitlines())) <= 100
    assert all(f"  {name} " in listing(CompareSettings) for name in namespace)


@pytest.mark.parametrize("item", fields(CompareSettings), ids=lambda item: item.name)
def test_every_setting_is_explained(item):
    assert item.metadata["help"]
    assert bool(item.metadata["unset"]) == (item.default == "")


def test_the_notebook_has_the_cell_and_the_readme_the_table():
    cells = json.loads((ROOT / "notebooks" / "compare.ipynb").read_text())["cells"]
    tagged = [one["source"] for one in cells if "parameters" in one["metadata"].get("tags", [])]
    assert ["".join(source) for source in tagged] == [cell(CompareSettings)]
    assert table(CompareSettings) in (ROOT / "README.md").read_text()


def test_runs_are_looked_for_where_a_sweep_put_them(monkeypatch):
    monkeypatch.setenv("WORKBENCH_OUTPUTS", "/drive/runs")
    assert outputs_folder(read()) == Path("/drive/runs")
