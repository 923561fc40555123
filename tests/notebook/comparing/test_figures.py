"""The figures of a comparison: what is drawn where, and why nothing is."""

import numpy as np
import pandas as pd
import pytest

from tests.comparison.runs import group, together
from tests.notebook.figured import named, texts
from workbench.comparison.pairs import pairs
from workbench.comparison.table import compare
from workbench.notebook.comparing import blocks
from workbench.notebook.comparing.best_of import best_of_figure
from workbench.notebook.comparing.blocks import arranged, first
from workbench.notebook.comparing.forest import MOST, forest_figure
from workbench.notebook.comparing.losses import BINS, binned, loss_band_figure
from workbench.notebook.comparing.parts import parts_figure
from workbench.notebook.comparing.points import point_figure
from workbench.notebook.comparing.readable import readable, with_learning
from workbench.notebook.comparing.sensitivity import sensitivity_figure
from workbench.notebook.comparing.slopes import slope_figure
from workbench.notebook.figures.static import alt_text

BASE = (0.50, 0.52, 0.54)


def two(*arm, **changes):
    return together(group("baseline", BASE), group("freeze:6", arm or BASE, **changes))


def with_blocks(runs, table):
    found = arranged(runs).drop_duplicates("group").set_index("group")["block"]
    return table.assign(block=table["group"].map(found))


def forest(runs):
    return forest_figure(with_blocks(runs, compare(runs)))


def slopes(runs):
    return slope_figure(with_blocks(runs, pairs(runs, compare(runs))))


def test_a_block_differs_in_the_technique_alone():
    runs = together(two(), group("baseline", BASE, learning_rate=1e-4))
    found = arranged(runs)
    assert found["block"].nunique() == 2
    assert found.groupby("block", sort=False)["technique"].nunique().tolist() == [2, 1]
    assert all(name.startswith("biosses, tiny") for name in found["block"])


def test_no_two_blocks_have_one_name():
    runs = together(group("baseline", BASE), group("baseline", BASE, weights="sha256:other"))
    assert arranged(runs)["block"].nunique() == 2


def test_nothing_to_arrange():
    assert list(arranged(two().iloc[:0])[["group", "block"]]) == ["group", "block"]


@pytest.mark.parametrize("draw", [point_figure, best_of_figure])
def test_scores_that_do_not_say_what_they_are_are_called_scores(draw):
    figure = draw(arranged(two(0.6, 0.7, 0.8).assign(metric=None)))
    assert figure.layout.yaxis.title.text == "test score \N{MULTIPLICATION SIGN}100"


@pytest.mark.parametrize(
    ("most", "names", "said"),
    [(2, ["a", "b"], "2 of 3 are drawn: filter to see others"), (3, ["a", "b", "c"], "")],
)
def test_of_many_the_first_are_drawn(most, names, said):
    assert first(["a", "b", "c"], most) == (names, said)


def test_every_run_is_a_point_beside_its_mean():
    figure = point_figure(two(0.6, 0.7, 0.8).pipe(arranged))
    (points,) = [trace for trace in figure.data if trace.name == "freeze:6"]
    assert list(points.y) == pytest.approx([60, 70, 80])
    (mean,) = named(figure, "freeze:6, mean")
    assert list(mean.y) == pytest.approx([70])
    assert figure.layout.title.text.endswith("biosses, tiny")


def test_an_interval_of_two_runs_does_not_hide_the_points():
    runs = together(group("baseline", (0.50, 0.51)), group("freeze:6", (0.1, 0.9)))
    low, high = point_figure(arranged(runs)).layout.yaxis.range
    assert low > -100 and high < 200 and low < 10 and high > 90


def test_each_task_has_a_scale_of_its_own():
    runs = together(two(), group("baseline", (0.9, 0.9), task="hoc", metric="micro_f1"))
    figure = point_figure(arranged(runs))
    titles = [axis.title.text for axis in figure.select_yaxes()]
    assert titles == [
        "test Pearson \N{MULTIPLICATION SIGN}100",
        "test micro F1 \N{MULTIPLICATION SIGN}100",
    ]
    assert [axis.matches for axis in figure.select_yaxes()] == [None, None]


def test_more_panels_than_are_looked_at_are_left_out():
    models = [f"m{i}" for i in range(blocks.MOST_PANELS + 1)]
    figure = point_figure(arranged(together(*(group("baseline", BASE, model=m) for m in models))))
    assert "6 of 7 are drawn" in figure.layout.title.subtitle.text
    assert len({trace.yaxis for trace in figure.data}) == blocks.MOST_PANELS


def test_a_slope_leads_from_the_baselines_score_to_the_techniques():
    (line,) = [trace for trace in slopes(two(0.6, 0.5, 0.4)).data if trace.name == "freeze:6"]
    ends = np.reshape(line.y, (3, 3))[:, :2]
    assert ends.ravel() == pytest.approx([50, 60, 52, 50, 54, 40])
    assert list(np.reshape(line.customdata, (3, 3))[:, 0]) == [0, 1, 2]


def test_a_slope_of_a_collapsed_run_is_dotted():
    figure = slopes(two(0.6, 0.0, 0.4, collapsed=(1,)))
    (line,) = named(figure, "collapsed")
    assert line.line.dash == "dot" and len(line.y) == 3


def test_without_pairs_there_are_no_slopes_and_no_forest():
    runs = group("baseline", BASE)
    assert texts(slopes(runs)) == ["No run has a baseline of the same seed."]
    assert texts(forest(runs)) == ["No technique has a baseline with the same settings and seeds."]


@pytest.mark.parametrize(
    ("shift", "symbol"), [(0.1, "diamond"), (-0.1, "diamond"), (0.0, "diamond-open")]
)
def test_only_what_is_decided_is_filled_in_a_forest(shift, symbol):
    noise = np.array([3, -2, 1, -4, 2, 5, -1, -3, 4, -5]) / 1000
    base = 0.5 + np.arange(10) / 100
    runs = together(group("baseline", base), group("freeze:6", base + shift + noise))
    (mark,) = [trace for trace in forest(runs).data if trace.name == "freeze:6"]
    assert mark.marker.symbol == symbol


def test_equal_scores_of_runs_that_all_collapsed_are_no_verdict():
    zeros, seeds = (0.0,) * 10, tuple(range(10))
    runs = together(*(group(name, zeros, collapsed=seeds) for name in ("baseline", "freeze:6")))
    table = with_learning(compare(runs))
    figure = forest_figure(with_blocks(runs, table))
    (mark,) = [trace for trace in figure.data if trace.name == "freeze:6"]
    assert mark.marker.symbol == "diamond-open"
    assert any("nothing learned" in text for text in texts(figure))
    assert list(readable(compare(runs))["verdict"]) == ["", "nothing learned"]


def test_a_forest_writes_difference_interval_and_verdict():
    runs = together(group("baseline", np.arange(8) / 100), group("freeze:6", np.ones(8)))
    (words,) = [text for text in texts(forest(runs)) if "<b>" in text]
    assert words.startswith("<b>better</b><br>+96.5 [")


def test_a_forest_of_too_many_contrasts_says_so():
    models = [f"m{i}" for i in range(MOST + 1)]
    runs = together(
        *(group(name, BASE, model=model) for model in models for name in ("baseline", "freeze:6"))
    )
    assert f"{MOST} of {MOST + 1} are drawn" in forest(runs).layout.title.subtitle.text


def losses(steps=4):
    rows = [
        ("a block", technique, run, step, value)
        for technique in ("baseline", "freeze:6")
        for run, value in enumerate((1.0, 2.0, 6.0))
        for step in range(1, steps + 1)
    ]
    return pd.DataFrame(rows, columns=["block", "technique", "run", "step", "loss"])


def test_a_loss_band_is_median_and_range():
    figure = loss_band_figure(losses())
    (median,) = [trace for trace in figure.data if trace.name == "baseline"]
    assert list(median.y) == [2.0] * 4 and list(median.customdata) == [3] * 4
    band = figure.data[0]
    assert sorted(set(band.y)) == [1.0, 6.0] and band.fill == "toself"


def test_bins_keep_the_ends_of_what_they_hold():
    long = losses(10 * BINS).query("technique == 'baseline'")
    long.loc[(long["run"] == 2) & (long["step"] == 777), "loss"] = 99.0
    found = binned(long)
    assert len(found) == BINS and found["high"].max() == 99.0 and found["median"].eq(2.0).all()


def test_the_best_of_n_rises_from_the_mean_to_the_best():
    figure = best_of_figure(arranged(two(0.6, 0.7, 0.8)))
    (line,) = named(figure, "freeze:6")
    assert list(line.x) == [1, 2, 3] and line.y[0] == pytest.approx(70)
    # Of two draws from three, the best is 80 in 5 of 9 cases, 70 in 3 and 60 in 1.
    assert line.y[1] == pytest.approx((5 * 80 + 3 * 70 + 60) / 9)


def test_techniques_that_share_a_panel_differ_in_more_than_colour():
    figure = best_of_figure(arranged(two(0.6, 0.7, 0.8)))
    assert len({trace.line.dash for trace in figure.data}) == 2
    assert [trace.showlegend for trace in figure.data] == [True, True]


@pytest.mark.parametrize(
    ("setting", "values"), [("learning_rate", (1e-5, 1e-4)), ("train_size", (64, 0))]
)
def test_sensitivity_draws_the_mean_of_each_value(setting, values):
    runs = together(
        group("baseline", (0.4, 0.6), **{setting: values[0]}),
        group("baseline", (0.6, 0.8), **{setting: values[1]}),
    )
    (line,) = sensitivity_figure(arranged(runs), setting).data
    assert list(line.y) == pytest.approx([50, 70]) and list(line.customdata) == list(values)
    assert line.x[0] < line.x[1]


def test_a_panel_of_sensitivity_is_numbered_only_where_its_name_is_taken():
    kinds = ({"model": "tiny-large"}, {"model": "tiny"}, {"model": "tiny", "epochs": 9})
    runs = [group("baseline", BASE, train_size=size, **kind) for kind in kinds for size in (0, 64)]
    found = texts(sensitivity_figure(arranged(together(*runs)), "train_size"))
    assert found[:3] == ["biosses, tiny-large", "biosses, tiny", "biosses, tiny (2)"]


@pytest.mark.parametrize("setting", ["learning_rate", "train_size"])
def test_sensitivity_needs_all_else_to_be_the_same(setting):
    value = {"learning_rate": 1e-3, "train_size": 64}[setting]
    runs = together(group("baseline", BASE), group("baseline", BASE, epochs=9, **{setting: value}))
    (said,) = texts(sensitivity_figure(arranged(runs), setting))
    assert said.startswith("No technique was run with two values of")


def test_parts_are_drawn_of_crossed_seeds_alone():
    noise = np.random.default_rng(0).normal(0, 0.001, 9)
    runs = group("baseline", [0.5 + 0.1 * (i // 3) + noise[i] for i in range(9)])
    (said,) = texts(parts_figure(arranged(runs)))
    assert said.startswith("No group here has crossed seeds")
    crossed = runs.assign(
        seed=[i // 3 for i in range(9)],
        order_seed=[i % 3 for i in range(9)],
        dropout_seed=[(i // 3 + i % 3) % 3 for i in range(9)],
    )
    figure = parts_figure(arranged(crossed))
    (weights,) = [trace for trace in figure.data if trace.name == "new weights"]
    assert weights.x[0] > 99


@pytest.mark.parametrize(
    "draw",
    [
        point_figure,
        best_of_figure,
        parts_figure,
        lambda runs: sensitivity_figure(runs, "learning_rate"),
        lambda runs: loss_band_figure(losses().iloc[:0]),
    ],
)
def test_a_figure_without_data_says_why_in_a_line(draw):
    figure = draw(arranged(two().iloc[:0]))
    assert not figure.data
    (said,) = texts(figure)
    assert said.startswith("No ") and said.endswith(".") and said in alt_text(figure)
