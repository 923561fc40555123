"""The figures of a declared study, and the files of its report."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.notebook.figured import named, texts
from workbench.notebook.declaring import study_report
from workbench.notebook.declaring.candidate_figure import candidate_figure
from workbench.notebook.declaring.contrast_figure import contrast_figure
from workbench.notebook.declaring.learning_curve_figure import curve_figure
from workbench.notebook.declaring.study_frame import apart
from workbench.notebook.declaring.study_report import StudyReport
from workbench.notebook.figures import static
from workbench.protocol import choice
from workbench.protocol.conduct import Conduct
from workbench.protocol.contrasts import contrasts
from workbench.protocol.declaration import Declaration
from workbench.protocol.report import Findings
from workbench.protocol.sections import Arm, Contrast, Data, Tuning
from workbench.protocol.stages import Machine

SCORES = {"plain": (0.1, 0.2, 0.3), "frozen": (0.2, 0.5, 0.5)}


@pytest.fixture
def find(tmp_path):
    """Return a function that makes the findings of a study of HoC, three seeds of two arms."""

    def make(sizes=(64,), subsets=(0,), techniques=("baseline",), constants=None, arms=None):
        declaration = Declaration(
            path=tmp_path / "small.yaml",
            question="Does it help?",
            model="minilm",
            arms=arms or {"plain": Arm(techniques), "frozen": Arm(("freeze:1", *techniques[1:]))},
            baseline="plain",
            tasks={"hoc": Data(sizes, subsets)},
            seeds=3,
            tuning=Tuning(learning_rate=(1e-4, 1e-3), seeds=2),
            contrast=Contrast(margin=2.5),
        )
        runs = [
            (arm, "hoc", size, subset, seed, score, "micro_f1", score == 0.1)
            for arm in declaration.arms
            for size, subset in declaration.tasks["hoc"].subsets
            for seed, score in enumerate(SCORES.get(arm, (0.4, 0.4, 0.7)))
        ]
        names = ["arm", "task", "train_size", "subset_seed", "seed", "test", "metric", "collapsed"]
        table = pd.DataFrame(runs, columns=names)
        evidence = SimpleNamespace(training_units={"hoc": 1295}, constants=constants or {})
        tuned = _tuned(declaration)
        return Findings(
            declaration,
            choice.candidates(tuned),
            table,
            contrasts(table, declaration),
            (),
            tuned,
            evidence,
        )

    return make


def _tuned(declaration):
    rows = [
        ("r", arm, "hoc", size, 0, each.technique, each.learning_rate, seed, each.learning_rate)
        for arm in declaration.arms
        for size in declaration.tasks["hoc"].train_size
        for each in declaration.candidates(arm)
        for seed in declaration.tuning_seeds
    ]
    names = ["run", *choice.PLACE, "subset_seed", *choice.CANDIDATE, "seed", "dev"]
    return pd.DataFrame(rows, columns=names)


def test_a_contrast_is_points_mean_interval_and_words(find):
    found = find()
    figure = contrast_figure(found)
    points, interval, mean = named(figure, "frozen")
    np.testing.assert_allclose(points.x, [10, 30, 20])
    assert list(points.marker.symbol) == ["x-thin", "circle", "circle"]
    (row,) = found.contrasts.to_dict("records")
    np.testing.assert_allclose(interval.x, [100 * row["low"], 100 * row["high"]])
    assert mean.x[0] == pytest.approx(20)
    (margin,) = named(figure, "margin")
    assert (min(margin.x), max(margin.x)) == (-2.5, 2.5)
    assert texts(figure)[0] == "hoc, 64 to train"
    assert texts(figure)[1].startswith("<b>undecided</b><br>+20.0 [")
    assert figure.layout.yaxis.ticktext == ("frozen<br>against plain",)


def test_an_interval_far_beyond_the_points_leaves_the_panel(find):
    found = find(subsets=(0, 1))
    far = found.contrasts.assign(low=-9.0, high=9.0)
    wide = Findings(found.declaration, found.candidates, found.runs, far)
    low, high = contrast_figure(wide).layout.xaxis.range
    assert -100 < low < -2.5 and 30 < high < 100


def test_sizes_of_a_task_share_the_axis_of_their_differences(find):
    figure = contrast_figure(find(sizes=(64, 256)))
    assert figure.layout.xaxis2.matches == "x"
    assert figure.layout.xaxis.range == figure.layout.xaxis2.range


def test_arms_of_another_model_are_hollow(find):
    figure = contrast_figure(find(arms={"plain": Arm(), "other": Arm(model="bert")}))
    points = named(figure, "other")[0]
    np.testing.assert_allclose(points.x, [20, 20, 50])
    assert set(points.marker.symbol) == {"circle-open"}
    assert "hollow: one run less the mean" in figure.layout.title.subtitle.text


def test_a_study_of_one_size_has_no_learning_curve(find):
    assert curve_figure(find()) is None


def test_a_learning_curve_is_means_band_and_every_run(find):
    figure = curve_figure(find(sizes=(64, 256), constants={"hoc": 0.05}))
    band, runs, mean = figure.data[:3]
    np.testing.assert_allclose(mean.x, [6, 8])
    np.testing.assert_allclose(mean.y, [20, 20])
    np.testing.assert_allclose(band.y, [30, 30, 10, 10])
    assert len(runs.x) == 6 and min(runs.x) > 6
    assert sorted(set(runs.marker.symbol)) == ["circle", "x-thin"]
    assert figure.layout.xaxis.ticktext == ("64", "256")
    (constant,) = named(figure, "best constant answer")
    assert list(constant.y) == [5, 5]
    assert {"plain", "frozen", "best constant answer"} < set(texts(figure))
    assert "over seeds" in figure.layout.title.subtitle.text


def test_the_band_over_subsets_says_so_and_all_data_stand_at_their_number(find):
    figure = curve_figure(find(sizes=(64, 0), subsets=(0, 1)))
    assert figure.data[2].x[1] == pytest.approx(np.log2(1295))
    assert figure.layout.xaxis.ticktext == ("64", "1295<br>(all)")
    assert "where several subsets were drawn, over these" in figure.layout.title.subtitle.text


def test_arms_are_told_apart_by_more_than_their_colour(find):
    figure = curve_figure(find(sizes=(64, 256)))
    means = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert len({trace.marker.symbol for trace in means}) == len(means) == 2


@pytest.mark.parametrize("techniques", [("baseline",), ("baseline", "longer")])
def test_candidates_are_lines_over_rates_with_the_chosen_ringed(find, techniques):
    figure = candidate_figure(find(techniques=techniques))
    (chosen,) = named(figure, "baseline, chosen")
    assert (chosen.x[0], chosen.y[0]) == (1, pytest.approx(0.1))
    (mean,) = named(figure, "baseline, mean")
    np.testing.assert_allclose(mean.y, [0.01, 0.1])
    assert figure.layout.xaxis.ticktext == ("0.0001", "0.001")
    assert len(named(figure, "tuning seeds")[0].x) == 4
    assert ("longer" in texts(figure)) == (len(techniques) == 2)


def test_what_is_not_tuned_has_no_figure_of_candidates(find):
    found = find()
    empty = Findings(found.declaration, found.candidates.iloc[:0], found.runs, found.contrasts)
    assert candidate_figure(empty) is None


def test_places_that_are_too_close_are_moved_apart():
    assert apart([0, 1, 2, 20], 5).tolist() == [0, 5, 10, 20]


def test_report_and_figures_lie_together(find, tmp_path, monkeypatch):
    """Every picture that the report links is there, below the table that it belongs to."""
    monkeypatch.setattr(static, "pngs", lambda figures: [b"png"] * len(figures))
    found = find(sizes=(64, 256))
    monkeypatch.setattr(Findings, "methods", None)
    conduct = Conduct(found.declaration, Machine(outputs=str(tmp_path)))
    path = study_report.save(conduct, found)
    text = path.read_text()
    assert path == tmp_path / "reports" / "small" / "report.md" == StudyReport(conduct, found).path
    for name in ("candidates", "contrasts", "curves"):
        assert f"]({name}.png)" in text
        assert (path.parent / f"{name}.png").read_bytes() == b"png"
        assert (path.parent / f"{name}.json").is_file()
    assert text.index("| frozen | plain |") < text.index("(contrasts.png)")
    page = (path.parent / "figures.html").read_text()
    assert page.count('class="plotly-graph-div"') == 3 and page.endswith("</html>")
