import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis import summary
from workbench.analysis.decision import decide
from workbench.errors import WorkbenchError


def runs(*rows, **columns):
    """Build a table of runs from (model, technique, seed, test score)."""
    table = pd.DataFrame(rows, columns=["model", "technique", "seed", "test"])
    defaults = {"task": "biosses", "dev": 0.5, "collapsed": False, "above_trivial": True}
    return table.assign(**(defaults | columns))


def three_seeds():
    return runs(
        ("bert", "freeze:3", 0, 0.5),
        ("bert", "freeze:3", 1, 0.7),
        ("bert", "freeze:3", 2, 0.9),
        ("bert", "baseline", 0, 0.4),
        ("bert", "baseline", 1, 0.5),
        ("bert", "baseline", 2, 0.6),
    )


def test_numbers_by_hand():
    row = summary.summarise(three_seeds()).iloc[0]
    assert (row["n"], row["pairs"], row["undefined"]) == (3, 3, 0)
    half = 0.2 * 2.4842
    found = row[["mean", "sd", "low", "high", "minimum", "maximum"]].astype(float)
    assert list(found) == pytest.approx([0.7, 0.2, 0.7 - half, 0.7 + half, 0.5, 0.9], abs=1e-4)
    found = row[["difference", "difference_sd", "level", "p"]].astype(float)
    # Differences 0.1, 0.2, 0.3: two of eight flips are as extreme.
    assert list(found) == pytest.approx([0.2, 0.1, 0.05, 0.25])
    assert row["verdict"] == "too few"
    assert row[["difference_low", "difference_high"]].isna().all()


def many_seeds(model="bert", seeds=10):
    """Three techniques: clearly better, better, unclear."""
    added = {"clear": [5, 6], "slight": [4, -1, 2, 3, 4], "unclear": [3, -3], "baseline": [0]}
    return runs(
        *(
            (model, name, seed, 0.3 + seed / 100 + np.resize(values, seeds)[seed] / 100)
            for name, values in added.items()
            for seed in range(seeds)
        )
    )


def test_verdicts_are_those_of_the_one_rule_over_the_techniques_of_a_model():
    table = summary.summarise(pd.concat([many_seeds(), many_seeds("scibert", 7)]))
    own = {"clear": [5, 6] * 5, "slight": [4, -1, 2, 3, 4] * 2, "unclear": [3, -3] * 5}
    expected = decide({name: np.array(values) / 100 for name, values in own.items()})
    rows = table[table["verdict"].notna()].set_index(["model", "technique"])
    for name, decision in expected.items():
        row = rows.loc[("bert", name)]
        names = ["difference_low", "difference_high", "level", "p"]
        limits = [decision.low, decision.high, decision.level, decision.p]
        assert list(row[names].astype(float)) == pytest.approx(limits)
        assert row["verdict"] == decision.verdict
    assert rows.loc[("bert", "clear"), "level"] == pytest.approx(0.05 / 3)
    assert rows.loc[("scibert", "clear"), "pairs"] == 7


def test_the_order_of_the_runs_changes_no_verdict():
    table = many_seeds(seeds=16)
    again = summary.summarise(table.iloc[::-1]).set_index("technique")
    expected = summary.summarise(table).set_index("technique")
    assert again.loc[expected.index, ["level", "p"]].equals(expected[["level", "p"]])


def test_order_is_that_of_the_runs_and_the_baseline_has_no_difference():
    table = summary.summarise(three_seeds())
    assert list(table["technique"]) == ["freeze:3", "baseline"]
    assert list(table.columns) == list(summary.COLUMNS)
    assert np.isnan(table["difference"].iloc[1])
    assert table["pairs"].iloc[1] == 0


def test_seeds_pair_within_one_model_only():
    table = summary.summarise(runs(("bert", "baseline", 0, 0.4), ("scibert", "freeze:3", 0, 0.6)))
    assert list(table["pairs"]) == [0, 0]


def test_collapsed_runs_are_in_the_mean_and_counted():
    table = runs(("bert", "baseline", 0, 0.8), ("bert", "baseline", 1, 0.0))
    table = table.assign(collapsed=[False, True], above_trivial=[True, False])
    row = summary.summarise(table).iloc[0]
    assert row["mean"] == pytest.approx(0.4)
    assert (row["collapsed"], row["not_above_trivial"]) == (1, 1)


def test_undefined_scores_are_counted_beside():
    row = summary.summarise(runs(("m", "baseline", 0, 0.8), ("m", "baseline", 1, None))).iloc[0]
    assert (row["n"], row["undefined"], row["mean"]) == (2, 1, 0.8)
    assert np.isnan(row["sd"])


def test_no_defined_score_gives_no_number():
    row = summary.summarise(runs(("m", "baseline", 0, None))).iloc[0]
    assert row[["mean", "sd", "low", "minimum", "maximum"]].isna().all()


def test_dev_is_another_column():
    assert summary.summarise(three_seeds(), split="dev")["mean"].tolist() == [0.5, 0.5]


def test_no_runs():
    table = summary.summarise(runs())
    assert table.empty and list(table.columns) == list(summary.COLUMNS)
    assert summary.readable(table, "pearson").empty


@pytest.mark.parametrize(
    ("table", "split", "words"),
    [
        (three_seeds(), "tset", "did you mean 'test'"),
        (three_seeds().drop(columns="test"), "test", "choose one of dev|did you mean 'dev'"),
        (three_seeds().assign(task=list("aabbcc")), "test", "a, b, c"),
        (pd.concat([three_seeds()] * 2), "test", "seed 0 of freeze:3 with bert occurs twice"),
    ],
)
def test_refusals_say_how_to_mend(table, split, words):
    with pytest.raises(WorkbenchError, match=words):
        summary.summarise(table, split=split)


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [
        (0.713, False, "71.3"),
        (-0.05, False, "-5.0"),
        (0.02, True, "+2.0"),
        (float("nan"), False, "undefined"),
        (None, False, "undefined"),
    ],
)
def test_percent(value, signed, text):
    assert summary.percent(value, signed) == text


def test_with_interval():
    assert summary.with_interval(0.713, 0.65, 0.776) == "71.3 [65.0, 77.6]"
    assert summary.with_interval(0.713, float("nan"), float("nan")) == "71.3"


def test_readable_row():
    row = summary.readable(summary.summarise(three_seeds()), "micro_f1").iloc[0]
    assert row["micro F1 \N{MULTIPLICATION SIGN}100 [95%]"] == "70.0 [20.3, 119.7]"
    assert row["difference to baseline [95%]"] == "+20.0"
    assert row["lowest to highest"] == "50.0 to 90.0"


def test_markdown_escapes_pipes():
    table = pd.DataFrame({"a": ["x|y"], "b": [1]})
    assert summary.markdown(table) == "| a | b |\n| --- | --- |\n| x\\|y | 1 |\n"


def test_markdown_is_never_broken_inside_an_interval():
    table = pd.DataFrame({"a [95%]": ["7.1 [6.5, 7.7]"], "b": ["-5 to 3"]})
    cells = summary.markdown(table).splitlines()[2]
    assert cells == "| 7.1 [6.5,\N{NO-BREAK SPACE}7.7] | -5 to\N{NO-BREAK SPACE}3 |"


def columns(table):
    return list(summary.readable(summary.summarise(table), "pearson").columns)


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, set()),
        ({"above_trivial": [True] * 5 + [False]}, {"not above trivial"}),
        ({"test": [0.5, 0.7, 0.9, 0.4, 0.5, None]}, {"undefined", "pairs"}),
        ({"seed": [0, 1, 7, 0, 1, 2]}, {"pairs"}),
    ],
)
def test_readable_leaves_out_what_would_tell_nothing(changed, shown):
    optional = {"pairs", "not above trivial", "undefined"}
    assert set(columns(three_seeds().assign(**changed))) & optional == shown


def test_readable_always_counts_the_collapsed():
    assert "collapsed" in columns(three_seeds())


def test_readable_without_a_comparison_has_no_difference():
    alone = columns(runs(("bert", "baseline", 0, 0.4), ("bert", "baseline", 1, 0.5)))
    assert not [name for name in alone if "difference" in name or name == "pairs"]


WIDE = pd.DataFrame(
    {
        "technique": ["baseline", "reinit:1"],
        "Pearson [95%]": ["71.3 [65.0, 77.6]", "7.0 [-5.0, 19.0]"],
        "lowest to highest": ["1 to 2", ""],
    }
)


def test_aligned_breaks_headings_to_their_columns():
    assert summary.aligned(WIDE).splitlines() == [
        "technique  Pearson [95%]      lowest",
        "                              to highest",
        "---------  -----------------  ----------",
        "baseline   71.3 [65.0, 77.6]  1 to 2",
        "reinit:1   7.0 [-5.0, 19.0]",
    ]


def test_aligned_breaks_cells_where_headings_are_not_enough():
    assert summary.aligned(WIDE, 38).splitlines() == [
        "technique  Pearson [95%]    lowest",
        "                            to highest",
        "---------  ---------------  ----------",
        "baseline   71.3             1 to 2",
        "           [65.0, 77.6]",
        "reinit:1   7.0",
        "           [-5.0, 19.0]",
    ]


@given(
    st.lists(st.lists(st.text("ab [],-", max_size=12), min_size=3, max_size=3), max_size=4),
    st.integers(1, 60),
)
def test_aligned_loses_nothing_and_aligns_everything(rows, width):
    table = pd.DataFrame(rows, columns=["one", "two of them", "three"])
    lines = summary.aligned(table, width).splitlines()
    (rule,) = [line for line in lines if line.strip("- ") == "" and line.startswith("---")][:1]
    starts = [i for i, mark in enumerate(f" {rule}"[:-1]) if mark == " " and rule[i] == "-"]
    assert len(starts) == 3
    assert all(
        line[start - 1] == " " for line in lines for start in starts[1:] if start < len(line)
    )
    words = sorted("".join(lines[lines.index(rule) + 1 :]).replace(" ", ""))
    assert words == sorted("".join(map("".join, rows)).replace(" ", ""))


def test_csv_keeps_the_numbers():
    table = summary.summarise(three_seeds())
    again = pd.read_csv(io.StringIO(summary.csv(table)))
    pd.testing.assert_frame_equal(again, table, check_dtype=False, rtol=1e-15)


def crossed(scores, seeds=3):
    """Build runs of two techniques over a Latin square of seeds; scores by (i, j)."""
    triples = [(i, j, (i + j) % seeds) for i in range(seeds) for j in range(seeds)]
    rows = [("bert", name, i, score(i, j)) for name, score in scores.items() for i, j, _ in triples]
    others = {
        name: [triple[place] for triple in triples] * len(scores)
        for place, name in ((1, "order_seed"), (2, "dropout_seed"))
    }
    return runs(*rows, **others)


def test_crossed_runs_pair_by_all_seeds_over_those_that_share_none():
    table = crossed({"freeze:3": lambda i, j: 0.5 + i / 10 + j, "baseline": lambda i, j: 0.5 + j})
    row = summary.summarise(table).iloc[0]
    # Of (0, 0, 0), (1, 1, 2) and (2, 2, 1) the differences are 0, 0.1 and 0.2.
    assert (row["n"], row["pairs"]) == (9, 3)
    assert row["difference"] == pytest.approx(0.1)
    assert row["mean"] == pytest.approx(0.5 + 0.1 + 1)
    assert row[["low", "high"]].isna().all()


def test_runs_that_differ_in_one_kind_of_seed_are_not_the_same_run_twice():
    table = crossed({"baseline": lambda i, j: 0.5})
    assert summary.summarise(table)["n"].to_list() == [9]
    with pytest.raises(WorkbenchError, match="occurs twice"):
        summary.summarise(pd.concat([table, table.iloc[:1]]))
