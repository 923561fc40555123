"""The tables' numbers, against numbers worked out by hand from fixed measurements."""

import pytest

from tests.benchmark.sample import (
    ALONE,
    COHORT,
    FAILED,
    PEERS,
    PRECISION,
    SCALING,
    SIDE,
    SLOW,
    comparison,
    measured,
    results,
)
from workbench.benchmark import ratios, tables


def test_one_seed():
    table = tables.lone_table(results([comparison([*PEERS, ALONE, SIDE])]))
    shown = table.drop(columns=["task", "technique", "precision"]).to_numpy().tolist()
    assert shown == [
        ["published", "11", "44", "1.45", "109", "5%", "2.25", "15.00", ""],
        ["tuned", "1.5", "6", "10.7", "800", "40%", "1.50", "2.00", ""],
        ["engine", "0.8", "3.2", "20", "1,500", "75%", "1.50", "1.00", "first turn 3.2 s"],
    ]


@pytest.mark.parametrize(
    ("engines", "seeds", "way", "epoch", "published", "tuned"),
    [
        ([ALONE, SIDE], 1, "alone", "3.2", 15.0, 2.0),
        # Three turns of two workers train five seeds.
        ([ALONE, SIDE], 5, "2 workers side by side, 3 turns", "12", 5 * 10 / 3, 5 * 1.25 / 3),
        ([ALONE], 5, "one after another", "16", 15.0, 2.0),
        # The cohort took part in two rounds: 12 / 2 and 11 / 4 times ten, 1.5 / 2 and 2 / 4.
        ([ALONE, COHORT], 10, "one cohort of 10", "12", 43.75, 6.25),
        ([ALONE, COHORT], 20, "2 cohorts of 10", "24", 43.75, 6.25),
        # Ten runs for five seeds would be wasted: a cohort is never larger than the seeds.
        ([ALONE, COHORT], 5, "one after another", "16", 15.0, 2.0),
        # A cohort that is slower than lone runs is not what anyone would choose.
        ([ALONE, SLOW], 4, "one after another", "12.8", 15.0, 2.0),
    ],
)
def test_several_seeds(engines, seeds, way, epoch, published, tuned):
    compared = comparison([*PEERS, *engines])
    row = tables.seeds_table(results([compared], [seeds])).iloc[0]
    assert (row["engine's way"], row["s/epoch of all"]) == (way, epoch)
    assert row["published / engine"] == f"{published:.2f}"
    assert row["tuned / engine"] == f"{tuned:.2f}"
    assert ratios.seeds_ratio(compared, "published", seeds) == pytest.approx(published)


def test_the_published_commands_in_float32_stand_beside_other_precisions():
    full = comparison([*PEERS, ALONE])
    half = comparison([measured("engine", [0.25, 0.5, 0.75])], precision="bfloat16")
    table = tables.seeds_table(results([full, half], [1]))
    # 11 / 0.8 and 11 / 0.5.
    assert table["float32 published / engine"].tolist() == ["13.75", "22.00"]
    assert table["published / engine"].tolist() == ["15.00", ""]


def test_a_failure_stands_in_its_row_and_the_others_stay():
    found = results([comparison([*PEERS, FAILED])])
    lone = tables.lone_table(found)
    assert lone["note"].tolist() == ["", "", "out of memory"]
    assert lone["s/step"].tolist() == ["11", "1.5", ""]
    assert tables.seeds_table(found)["engine's way"].tolist() == ["out of memory"] * 2


@pytest.mark.parametrize(("agree", "shown"), [(True, "yes"), (False, "NO"), (None, "not compared")])
def test_agreement(agree, shown):
    agreement = {
        "task": "biosses",
        "technique": "baseline",
        "precision": "float32",
        "losses": {"engine": [2.0, 1.0]},
        "problems": {"tuned": "out of memory"},
        "difference": {"published": 2.5e-6},
        "tolerance": 1e-4,
        "agree": agree,
    }
    row = tables.agreement_table(results(agreements=[agreement])).iloc[0]
    assert row["engine's losses"] == "2.00000 1.00000"
    assert (row["published differs by"], row["tuned differs by"]) == ("2.5e-06", "")
    assert row["agree"] == f"{shown} (within 0.0001)"
    assert row["note"] == "tuned: out of memory"


def test_scaling():
    found = results(scaling=SCALING)
    assert tables.cohort_table(found).to_numpy().tolist() == [["4", "2", "0.5", "1.00", ""]]
    assert tables.examples_table(found).to_numpy().tolist() == [
        ["64", "0.5", "0.25", "2", "", "1.00", ""],
        ["256", "1", "", "", "", "", "out of memory"],
    ]


def test_precision():
    table = tables.precision_table(results(precision=PRECISION)).to_dict("records")
    assert table[0] == {
        "precision": "float32",
        "runs": "3",
        "Pearson \N{MULTIPLICATION SIGN}100": "60.00",
        "sd": "10.00",
        "difference [95%]": "",
        "zero inside": "",
        "final loss": "1.1",
        "its sd": "0.1",
        "its difference [95%]": "",
        "zero inside it": "",
        "steps repeated a run": "",
        "cohorts of": "1",
        "s": "12.5",
    }
    assert table[1]["difference [95%]"] == "+2 [-3, +7]" and table[1]["zero inside"] == "yes"
    assert table[1]["its difference [95%]"] == "-0.1 [-0.1, -0.098]"
    assert table[1]["zero inside it"] == "NO" and table[1]["steps repeated a run"] == "1.0"
    # Two pairs are left; all their differences are zero.
    assert table[2]["difference [95%]"] == "+0 [+0, +0]" and table[2]["zero inside"] == "yes"


def test_random_weights_are_said():
    for random in (False, True):
        found = results(precision=PRECISION, random_weights=random)
        assert ("weights are random" in tables.precision_text(found)) is random
        assert "60 steps, the same 3 seeds" in tables.precision_text(found)
