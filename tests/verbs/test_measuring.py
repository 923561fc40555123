import pandas as pd

from workbench.__main__ import main


def test_the_adaptive_rule_is_simulated_as_asked(capsys):
    asked = ["--contrasts", "2", "--margin", "1.5", "--looks", "10", "20", "--studies", "5"]
    assert main(["simulate", *asked]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("5 invented studies a row; 2 techniques and a baseline; margin 1.5.")
    assert main(["simulate", "--looks", "5"]) == 1
    assert "5 seeds cannot decide 3 contrasts" in capsys.readouterr().err


def test_tests_and_intervals_are_calibrated_and_written(capsys, tmp_path, monkeypatch):
    from workbench.analysis import calibration

    monkeypatch.setattr(calibration, "SEEDS", (5, 6))
    asked = ["--calibration", "--studies", "4", "--outputs", str(tmp_path)]
    assert main(["simulate", *asked]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("4 simulations a cell of exchangeable arms")
    assert printed.endswith(f"Written: {tmp_path / 'calibration.csv'}\n")
    table = pd.read_csv(tmp_path / "calibration.csv")
    assert set(table["seeds"]) == {5, 6} and set(table["simulations"]) == {4}
