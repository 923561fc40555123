import numpy as np
import pandas as pd
import pytest

from workbench.analysis.published import Yardstick
from workbench.analysis.summary import summarise
from workbench.notebook import figures, palette

YARDSTICK = Yardstick(92.3, "PubMedBERT", "Gu et al. 2020, Table 6", "")


def losses(models=("bert",), techniques=("baseline", "freeze:3"), seeds=3, steps=4):
    """Losses whose value is technique number + seed squared + step / 100."""
    return pd.DataFrame(
        [
            (model, technique, seed, step, i + seed**2 + step / 100)
            for model in models
            for i, technique in enumerate(techniques)
            for seed in range(seeds)
            for step in range(1, steps + 1)
        ],
        columns=["model", "technique", "seed", "step", "loss"],
    )


def history(**sizes):
    return losses(**sizes).rename(columns={"step": "epoch", "loss": "dev"})


def runs(*scores, techniques=("baseline", "freeze:3"), models=("bert",)):
    rows = [
        (model, technique, seed, score)
        for model in models
        for technique in techniques
        for seed, score in enumerate(scores)
    ]
    table = pd.DataFrame(rows, columns=["model", "technique", "seed", "test"])
    return table.assign(collapsed=False, above_trivial=True)


def scores(table, **settings):
    return figures.score_figure(table, summarise(table), "pearson", **settings)


def named(figure, words):
    return [trace for trace in figure.data if words in (trace.name or "")]


def texts(figure):
    return [note.text for note in figure.layout.annotations]


@pytest.mark.parametrize(
    ("name", "wrapped"),
    [
        ("baseline", "baseline"),
        ("freeze:3+reinit:2", "freeze:3+reinit:2"),
        ("freeze:3+layerwise:0.9+reinit:2", "freeze:3+<br>layerwise:0.9+<br>reinit:2"),
        ("a-name-without-any-place-to-break", "a-name-without-any-place-to-break"),
        ("", ""),
    ],
)
def test_wrap(name, wrapped):
    assert figures.wrap(name) == wrapped


@pytest.mark.parametrize(
    ("models", "techniques", "shape"),
    [
        (1, 1, (1, 1)),
        (1, 3, (1, 3)),
        (1, 4, (2, 2)),
        (1, 5, (2, 3)),
        (1, 7, (3, 3)),
        (2, 3, (3, 2)),
    ],
)
def test_grid_has_a_place_of_its_own_for_every_panel(models, techniques, shape):
    names = [str(i) for i in range(techniques)]
    grid = figures.grid(names[:models], names)
    assert (grid.rows, grid.columns) == shape
    assert len(set(grid.places.values())) == models * techniques


def test_loss_draws_every_seed_and_the_median():
    figure = figures.loss_figure(losses())
    assert len(figure.data) == 2 * (3 + 1)
    seed = named(figure, "freeze:3, seed 2")[0]
    np.testing.assert_allclose(seed.y, [5.01, 5.02, 5.03, 5.04])
    median = named(figure, "freeze:3, median")[0]
    np.testing.assert_allclose(median.y, [2.01, 2.02, 2.03, 2.04])
    np.testing.assert_array_equal(median.x, [1, 2, 3, 4])
    assert median.line.width > seed.line.width
    assert isinstance(median.y, np.ndarray)


def test_loss_median_says_how_many_seeds_reached_a_step():
    table = losses(techniques=("baseline",))
    table = table[(table["seed"] == 0) | (table["step"] <= 2)]
    median = named(figures.loss_figure(table), "median")[0]
    np.testing.assert_array_equal(median.customdata, [3, 3, 1, 1])
    np.testing.assert_allclose(median.y, [1.01, 1.02, 0.03, 0.04])


def test_hover_tells_seed_step_and_value():
    template = named(figures.loss_figure(losses()), "seed 1")[0].hovertemplate
    assert all(words in template for words in ("seed 1", "step %{x}", "loss %{y", "baseline"))


def test_one_colour_per_technique_in_the_order_asked_for():
    for figure in (
        figures.loss_figure(losses(), techniques=["freeze:3", "baseline"]),
        figures.dev_figure(history(), "pearson", techniques=["freeze:3", "baseline"]),
    ):
        bold = {trace.name.split(",")[0]: trace for trace in figure.data if trace.line.width == 3}
        assert bold["freeze:3"].line.color == palette.COLOURS[0]
        assert bold["baseline"].line.color == palette.COLOURS[1]


def test_techniques_are_panels_on_shared_axes():
    figure = figures.loss_figure(
        losses(techniques=("baseline", "freeze:3", "longer:2", "reinit:2"))
    )
    assert texts(figure) == ["baseline", "freeze:3", "longer:2", "reinit:2"]
    followed = {axis.matches for axis in figure.select_yaxes()}
    assert len(followed) == 2 and None in followed
    assert len({trace.xaxis for trace in figure.data}) == 4


def test_models_are_columns():
    figure = figures.loss_figure(losses(models=("bert", "scibert")))
    assert texts(figure)[:2] == ["baseline, bert", "baseline, scibert"]


def test_lowest_panel_of_every_column_is_numbered():
    figure = figures.loss_figure(losses(techniques=tuple("abcde")))
    titled = [axis for axis in figure.select_xaxes() if axis.title.text == "step"]
    assert len(titled) == 3 and all(axis.showticklabels for axis in titled)


@pytest.mark.parametrize(("steps", "dtick"), [(1, 1), (6, 1), (7, None)])
def test_a_short_axis_has_whole_ticks(steps, dtick):
    for figure in (
        figures.loss_figure(losses(steps=steps)),
        figures.dev_figure(history(steps=steps), "pearson"),
    ):
        assert {axis.dtick for axis in figure.select_xaxes()} == {dtick}


def test_log_axis():
    assert figures.loss_figure(losses(), log=True).layout.yaxis.type == "log"


def test_dev_draws_mean_and_range():
    figure = figures.dev_figure(history(techniques=("baseline",), steps=2), "pearson")
    mean, band = named(figure, "mean")[0], named(figure, "lowest")[0]
    np.testing.assert_allclose(mean.y, [500 / 3 + 1, 500 / 3 + 2])
    np.testing.assert_allclose(band.x, [1, 2, 2, 1])
    np.testing.assert_allclose(band.y, [401, 402, 2, 1])
    assert band.fill == "toself"
    assert "lowest to highest" in figure.layout.title.subtitle.text


def test_dev_undefined_scores_are_in_no_mean():
    table = history(techniques=("baseline",), steps=2).astype({"dev": object})
    table.loc[(table["seed"] == 2) & (table["epoch"] == 1), "dev"] = None
    mean = named(figures.dev_figure(table, "pearson"), "mean")[0]
    np.testing.assert_allclose(mean.y, [51, 500 / 3 + 2])
    np.testing.assert_array_equal(mean.customdata, [2, 3])


def test_dev_all_undefined_leaves_a_gap():
    table = history(techniques=("baseline",), steps=2).assign(dev=np.nan)
    figure = figures.dev_figure(table, "pearson")
    assert np.isnan(named(figure, "mean")[0].y).all()
    assert len(named(figure, "lowest")[0].x) == 0


def test_dev_repeats_the_baseline_in_the_other_panels():
    figure = figures.dev_figure(history(techniques=("baseline", "a", "b")), "pearson")
    dashed = [trace for trace in figure.data if trace.line.dash == "dash"]
    assert [trace.name for trace in dashed] == ["baseline, mean"] * 2
    assert len({trace.xaxis for trace in dashed}) == 2


def test_scores_are_points_with_the_mean_beside():
    figure = scores(runs(0.5, 0.7, 0.9))
    points, mean = figure.data[2:4]
    np.testing.assert_allclose(points.y, [50, 70, 90])
    assert len(set(points.x)) == 3 and max(points.x) < mean.x[0]
    assert all(0.5 < x < 1.5 for x in [*points.x, *mean.x])
    assert mean.y[0] == pytest.approx(70)
    assert mean.error_y.array[0] == pytest.approx(100 * 0.2 * 2.4842, abs=0.01)
    assert mean.error_y.arrayminus[0] == pytest.approx(mean.error_y.array[0])


def test_the_jitter_repeats():
    first, second = (scores(runs(0.5, 0.7)).data[0].x for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_collapsed_runs_have_another_symbol():
    table = runs(0.5, 0.1).assign(collapsed=[False, True, False, False])
    assert list(scores(table).data[0].marker.symbol) == ["circle", "x-thin"]


def test_one_seed_has_no_interval():
    mean = scores(runs(0.5)).data[1]
    assert mean.error_y.visible is False
    assert "95%" not in mean.hovertemplate


def test_undefined_scores_are_told_below_the_name():
    figure = scores(runs(0.5, None, None))
    assert figure.layout.xaxis.ticktext[0] == "baseline<br>(2 undefined)"
    assert len(figure.data[0].x) == 1


def test_a_technique_without_any_score_keeps_its_place():
    table = runs(0.5, 0.6)
    table.loc[table["technique"] == "baseline", "test"] = np.nan
    figure = scores(table)
    assert [trace.name for trace in figure.data] == ["freeze:3", "freeze:3, mean"]
    assert 0.5 < figure.data[0].x[0] < 1.5


def test_yardstick_is_a_labelled_dashed_line():
    figure = scores(runs(0.5, 0.7), yardstick=YARDSTICK)
    line = named(figure, "published")[0]
    assert line.line.dash == "dash" and set(line.y) == {92.3}
    assert "published<br>92.30" in texts(figure)
    assert "PubMedBERT 92.30 (Gu et al. 2020, Table 6)" in figure.layout.title.subtitle.text


def test_each_model_has_a_panel_and_its_own_yardstick():
    table = runs(0.5, 0.7, models=("bert", "scibert"))
    figure = scores(table, yardstick={"scibert": YARDSTICK, "bert": None})
    assert texts(figure)[:2] == ["bert", "scibert"]
    assert [line.yaxis for line in named(figure, "published")] == ["y2"]


def test_no_yardstick():
    assert not named(scores(runs(0.5)), "published")


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (figures.loss_figure(losses()[:0]), "No step"),
        (figures.dev_figure(history()[:0], "pearson"), "No epoch"),
        (scores(runs()), "No run"),
    ],
)
def test_empty_tables_give_a_note(figure, words):
    assert texts(figure)[0].startswith(words)
    assert figure.layout.title.text


@pytest.mark.parametrize(
    ("figure", "x", "y"),
    [
        (figures.loss_figure(losses()), "step", "training loss"),
        (figures.dev_figure(history(), "pearson"), "epoch", "dev Pearson ×100"),  # noqa: RUF001
        (scores(runs(0.5)), "technique", "test Pearson ×100"),  # noqa: RUF001
    ],
)
def test_axes_are_titled_with_units(figure, x, y):
    assert figure.layout.xaxis.title.text == x
    assert figure.layout.yaxis.title.text == y
