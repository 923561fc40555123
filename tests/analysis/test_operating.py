import pytest

from workbench.analysis.adaptive import Outcome, Rule
from workbench.analysis.operating import (
    EFFECTS,
    MOST_POWER,
    error_rates,
    item_outcomes,
    report,
    savings,
    share_interval,
)
from workbench.analysis.power import seeds_needed
from workbench.analysis.simulation import World
from workbench.errors import WorkbenchError

RULE = Rule(contrasts=2, margin=0.02, looks=(5, 10, 20))


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Of none in ten: 0 to 1 - 0.025 ** (1 / 10).
    [(0, 0, 0.3085), (10, 0.6915, 1), (1, 0.0025, 0.4450)],
)
def test_interval_of_a_share_by_hand(count, low, high):
    assert share_interval(count, 10) == pytest.approx((low, high), abs=1e-4)


def test_each_world_has_a_row_with_its_rate():
    table = error_rates(RULE, 20)
    assert table["invented studies"].is_unique
    assert table["invented studies"].iloc[-1].startswith("OUTSIDE")
    rates = table["% with a wrong claim [95%]"].str.split(" ").str[0].astype(float)
    assert rates.iloc[:-1].max() < 30 <= rates.iloc[-1]


def test_outcomes_of_each_difference_add_up():
    for table in (savings(RULE, 20), item_outcomes(RULE, 20)):
        names = [outcome.value for outcome in Outcome if outcome != Outcome.OPEN]
        assert table[names].astype(float).sum(axis=1).to_numpy() == pytest.approx(100, abs=0.3)
    assert len(savings(RULE, 20)) == len(EFFECTS)


def test_a_fixed_design_is_as_powerful_up_to_99_percent():
    table = savings(RULE, 300).set_index("difference x100")
    spread = World().sd * (2 * (1 - World().correlation)) ** 0.5
    for effect in ("4.0", "6.0"):
        assert float(table.loc[effect, "better"]) > 99
        needed = seeds_needed(float(effect) / 100, spread, RULE.error_rate / 2, MOST_POWER)
        runs = int(table.loc[effect, "fixed runs"])
        assert abs(runs - 3 * needed) <= 3
        saved = 100 * (1 - float(table.loc[effect, "runs"]) / runs)
        assert float(table.loc[effect, "fewer"]) == pytest.approx(saved, abs=2)


def test_the_report_says_what_was_declared():
    text = report(RULE, 20)
    assert "20 invented studies a row; 2 techniques and a baseline; margin 2.0." in text
    assert "5 (0.00%), 10 (0.78%), 20 (1.7" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_no_studies_show_nothing():
    with pytest.raises(WorkbenchError, match="0 studies show nothing"):
        report(RULE, 0)
