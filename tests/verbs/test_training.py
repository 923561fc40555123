import signal
from dataclasses import fields

import pytest

from workbench.__main__ import main
from workbench.protocol import conduct
from workbench.store.parameters import explanation
from workbench.store.settings import SweepSettings


def test_every_parameter_is_in_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["sweep", "--help"])
    printed = capsys.readouterr().out
    for item in fields(SweepSettings):
        assert f"  {item.name} " in printed and explanation(item) in printed


def test_an_unknown_study_is_one_sentence(tmp_path, capsys):
    assert main(["work", "nosuch", "--outputs", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


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
