from dataclasses import fields, is_dataclass

from workbench.__main__ import main
from workbench.analysis.summary import metric_name
from workbench.tasks.catalogue import TASKS
from workbench.tasks.own.description import Columns, Description, Start
from workbench.techniques import registry


def test_every_technique_is_listed_with_its_source_and_its_settings(capsys):
    assert main(["techniques"]) == 0
    printed = capsys.readouterr().out
    for name, kind in registry().items():
        said = f"{name}\n  {kind.summary}\n  source: {kind.source}\n  cost: {kind.cost.text}\n"
        assert said in printed
        for item in fields(kind):
            assert f"  {item.name} " in printed and item.metadata["help"] in printed
    assert "keep their weights (default: half)" in printed
    assert "(zhang or electra; default: zhang)" in printed


def test_every_task_is_listed_and_every_setting_of_a_task_file(capsys):
    assert main(["tasks"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for task in TASKS.values():
        assert f"{task.name} {task.title}: {task.type}, {metric_name(task.metric)}" in printed
    for kind, inside in ((Description, ""), (Columns, "columns."), (Start, "recipes.base.")):
        for item in fields(kind):
            if "help" in item.metadata and not is_dataclass(item.type):
                assert f" {inside}{item.name} {item.metadata['help']}" in printed


def test_the_data_are_looked_at(capsys):
    assert main(["data", "miniature-mention:size=8", "--counts"]) == 0
    assert "Labels of Miniature mention (synthetic), by words" in capsys.readouterr().out


def test_a_score_of_nothing_is_refused_in_one_sentence(tmp_path, capsys):
    assert main(["blurb", "--outputs", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "no run of a BLURB task is finished: run a sweep\n"
    assert main(["blurb", "--outputs", str(tmp_path), "--study", "nosuch"]) == 1
    assert "there is no study 'nosuch'" in capsys.readouterr().err
