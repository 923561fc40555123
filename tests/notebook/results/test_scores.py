"""The scores: points, mean, interval and the published line."""

import numpy as np
import pytest

from tests.notebook.figured import named, runs, texts
from workbench.analysis.published import Yardstick
from workbench.analysis.summary import summarise
from workbench.notebook.results.scores import score_figure

YARDSTICK = Yardstick(92.3, "PubMedBERT", "Gu et al. 2020, Table 6", "")


def scores(table, **settings):
    return score_figure(table, summarise(table), "pearson", **settings)


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


def test_no_runs_give_a_note():
    figure = scores(runs())
    assert texts(figure)[0].startswith("No run")
    assert figure.layout.title.text


def test_axes_are_titled_with_units():
    figure = scores(runs(0.5))
    assert figure.layout.xaxis.title.text == "technique"
    assert figure.layout.yaxis.title.text == "test Pearson ×100"  # noqa: RUF001
