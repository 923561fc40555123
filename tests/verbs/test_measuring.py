from workbench.__main__ import main


def test_the_adaptive_rule_is_simulated_as_asked(capsys):
    asked = ["--contrasts", "2", "--margin", "1.5", "--looks", "10", "20", "--studies", "5"]
    assert main(["simulate", *asked]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("5 invented studies a row; 2 techniques and a baseline; margin 1.5.")
    assert main(["simulate", "--looks", "5"]) == 1
    assert "5 seeds cannot decide 3 contrasts" in capsys.readouterr().err
