"""The curves: what each line shows, and where."""

import numpy as np
import pytest

from tests.notebook.figured import history, losses, named, texts
from workbench.notebook.figures import palette
from workbench.notebook.results.curves import dev_figure, grid, loss_figure


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
    found = grid(names[:models], names)
    assert (found.rows, found.columns) == shape
    assert len(set(found.places.values())) == models * techniques


def test_loss_draws_every_seed_and_the_median():
    figure = loss_figure(losses())
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
    median = named(loss_figure(table), "median")[0]
    np.testing.assert_array_equal(median.customdata, [3, 3, 1, 1])
    np.testing.assert_allclose(median.y, [1.01, 1.02, 0.03, 0.04])


def test_hover_tells_seed_step_and_value():
    template = named(loss_figure(losses()), "seed 1")[0].hovertemplate
    assert all(words in template for words in ("seed 1", "step %{x}", "loss %{y", "baseline"))


def test_one_colour_per_technique_in_the_order_asked_for():
    for figure in (
        loss_figure(losses(), techniques=["freeze:3", "baseline"]),
        dev_figure(history(), "pearson", techniques=["freeze:3", "baseline"]),
    ):
        bold = {trace.name.split(",")[0]: trace for trace in figure.data if trace.line.width == 3}
        assert bold["freeze:3"].line.color == palette.COLOURS[0]
        assert bold["baseline"].line.color == palette.COLOURS[1]


def test_techniques_are_panels_on_shared_axes():
    figure = loss_figure(losses(techniques=("baseline", "freeze:3", "longer:2", "reinit:2")))
    assert texts(figure) == ["baseline", "freeze:3", "longer:2", "reinit:2"]
    followed = {axis.matches for axis in figure.select_yaxes()}
    assert len(followed) == 2 and None in followed
    assert len({trace.xaxis for trace in figure.data}) == 4


def test_models_are_columns():
    figure = loss_figure(losses(models=("bert", "scibert")))
    assert texts(figure)[:2] == ["baseline, bert", "baseline, scibert"]


def test_lowest_panel_of_every_column_is_numbered():
    figure = loss_figure(losses(techniques=tuple("abcde")))
    titled = [axis for axis in figure.select_xaxes() if axis.title.text == "step"]
    assert len(titled) == 3 and all(axis.showticklabels for axis in titled)


@pytest.mark.parametrize(("steps", "dtick"), [(1, 1), (6, 1), (7, None)])
def test_a_short_axis_has_whole_ticks(steps, dtick):
    for figure in (
        loss_figure(losses(steps=steps)),
        dev_figure(history(steps=steps), "pearson"),
    ):
        assert {axis.dtick for axis in figure.select_xaxes()} == {dtick}


def test_log_axis():
    assert loss_figure(losses(), log=True).layout.yaxis.type == "log"


def test_dev_draws_mean_and_range():
    figure = dev_figure(history(techniques=("baseline",), steps=2), "pearson")
    mean, band = named(figure, "mean")[0], named(figure, "lowest")[0]
    np.testing.assert_allclose(mean.y, [500 / 3 + 1, 500 / 3 + 2])
    np.testing.assert_allclose(band.x, [1, 2, 2, 1])
    np.testing.assert_allclose(band.y, [401, 402, 2, 1])
    assert band.fill == "toself"
    assert "lowest to highest" in figure.layout.title.subtitle.text


def test_dev_undefined_scores_are_in_no_mean():
    table = history(techniques=("baseline",), steps=2).astype({"dev": object})
    table.loc[(table["seed"] == 2) & (table["epoch"] == 1), "dev"] = None
    mean = named(dev_figure(table, "pearson"), "mean")[0]
    np.testing.assert_allclose(mean.y, [51, 500 / 3 + 2])
    np.testing.assert_array_equal(mean.customdata, [2, 3])


def test_dev_all_undefined_leaves_a_gap():
    table = history(techniques=("baseline",), steps=2).assign(dev=np.nan)
    figure = dev_figure(table, "pearson")
    assert np.isnan(named(figure, "mean")[0].y).all()
    assert len(named(figure, "lowest")[0].x) == 0


def test_dev_repeats_the_baseline_in_the_other_panels():
    figure = dev_figure(history(techniques=("baseline", "a", "b")), "pearson")
    dashed = [trace for trace in figure.data if trace.line.dash == "dash"]
    assert [trace.name for trace in dashed] == ["baseline, mean"] * 2
    assert len({trace.xaxis for trace in dashed}) == 2


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (loss_figure(losses()[:0]), "No step"),
        (dev_figure(history()[:0], "pearson"), "No epoch"),
    ],
)
def test_empty_tables_give_a_note(figure, words):
    assert texts(figure)[0].startswith(words)
    assert figure.layout.title.text


@pytest.mark.parametrize(
    ("figure", "x", "y"),
    [
        (loss_figure(losses()), "step", "training loss"),
        (dev_figure(history(), "pearson"), "epoch", "dev Pearson ×100"),  # noqa: RUF001
    ],
)
def test_axes_are_titled_with_units(figure, x, y):
    assert figure.layout.xaxis.title.text == x
    assert figure.layout.yaxis.title.text == y
