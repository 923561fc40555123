import signal
import subprocess
import sys
from dataclasses import fields, is_dataclass

import pytest

from workbench import __version__
from workbench.__main__ import main
from workbench.analysis.summary import metric_name
from workbench.protocol import conduct
from workbench.store.parameters import explanation
from workbench.store.settings import SweepSettings
from workbench.tasks.catalogue import TASKS
from workbench.tasks.own.description import Columns, Description, Start
from workbench.techniques import registry


def test_the_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and __version__ in capsys.readouterr().out


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


def test_every_parameter_is_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["sweep", "--help"])
    printed = capsys.readouterr().out
    for item in fields(SweepSettings):
        assert f"  {item.name} " in printed and explanation(item) in printed


def test_an_unknown_study_is_one_sentence(tmp_path, capsys):
    assert main(["work", "nosuch", "--outputs", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_gc_says_what_it_removes_and_removes_it(tmp_path, capsys):
    leftover = tmp_path / "runs" / "0123456789abcdef" / "events.jsonl"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("{}\n")
    line = ["gc", "--outputs", str(tmp_path), "--older-than", "0"]
    assert main([*line, "--dry-run"]) == 0
    assert leftover.exists() and "would free" in capsys.readouterr().out
    assert main(line) == 0
    assert not leftover.exists() and "unfinished run" in capsys.readouterr().out


def test_the_data_are_looked_at(capsys):
    assert main(["data", "miniature-mention:size=8", "--counts"]) == 0
    assert "Labels of Miniature mention (synthetic), by words" in capsys.readouterr().out


def test_the_adaptive_rule_is_simulated_as_asked(capsys):
    asked = ["--contrasts", "2", "--margin", "1.5", "--looks", "10", "20", "--studies", "5"]
    assert main(["simulate", *asked]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("5 invented studies a row; 2 techniques and a baseline; margin 1.5.")
    assert main(["simulate", "--looks", "5"]) == 1
    assert "5 seeds cannot decide 3 contrasts" in capsys.readouterr().err


def test_a_score_of_nothing_is_refused_in_one_sentence(tmp_path, capsys):
    assert main(["blurb", "--outputs", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "no run of a BLURB task is finished: run a sweep\n"
    assert main(["blurb", "--outputs", str(tmp_path), "--study", "nosuch"]) == 1
    assert "there is no study 'nosuch'" in capsys.readouterr().err


def test_the_studies_are_listed_with_what_a_study_file_holds(capsys):
    assert main(["study"]) == 0
    printed = capsys.readouterr().out
    assert "  h1 " in printed and "  tuning.seeds " in printed


def test_a_question_that_cannot_be_tested_is_answered_with_the_reason(tmp_path, capsys):
    assert main(["study", "h4", "--outputs", str(tmp_path)]) == 0
    assert "Not testable with these checkpoints: " in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_study_file_is_one_sentence(capsys):
    assert main(["study", "h11", "--dry-run"]) == 1
    assert capsys.readouterr().err.startswith("there is no shipped study 'h11': did you mean 'h")


def test_a_study_that_is_asked_to_end_is_interrupted(monkeypatch, capsys):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(conduct, "carry_out", lambda *_: signal.raise_signal(signal.SIGTERM))
    assert main(["study", "h1-small"]) == 130
    assert "what is finished stays" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_reader_that_has_seen_enough_is_no_failure_to_tell_of():
    command = [sys.executable, "-m", "workbench", "tasks"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
