"""The figure of a task's data: what its bars, steps and lines stand for."""

from dataclasses import replace

import numpy as np
import pytest

from workbench.notebook.data import figure as drawn
from workbench.notebook.data.check import tokenizers_of
from workbench.notebook.data.figure import data_figure
from workbench.tasks.check import check
from workbench.tasks.loading import load


@pytest.fixture(scope="module")
def found():
    return check(load("miniature-document:size=16"), tokenizers_of("minilm"))


@pytest.fixture(scope="module")
def figure(found):
    return data_figure(found)


def traces(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_a_bar_for_each_label_reaches_its_share(found, figure):
    rows = found.labels[found.labels["split"] == "dev"]
    bars = traces(figure, "dev labels")
    assert [max(bar.x) for bar in bars] == pytest.approx(list(100 * rows["share"]))
    assert [np.mean(bar.y[:4]) for bar in bars] == pytest.approx(range(len(bars)))
    assert f"{rows['count'].iloc[0]:,} in dev" in bars[0].text


def test_steps_hold_every_record_and_the_limit_stands_where_inputs_are_cut(found, figure):
    [steps] = traces(figure, "test lengths")
    width = np.diff(sorted(set(steps.x)))[0]
    shares = np.asarray(steps.y)[1:-1:2]
    assert shares.sum() == pytest.approx(100) and width == int(width)
    limits = traces(figure, "limit")
    assert len(limits) == 3 and all(set(line.x) == {found.pieces[0].limit} for line in limits)


def test_what_is_cut_is_said(found):
    short = replace(found.pieces[0], limit=int(np.median(found.pieces[0].lengths["train"])))
    titles = [note.text for note in data_figure(replace(found, pieces=(short,))).layout.annotations]
    cut = int((short.lengths["train"] > short.limit).sum())
    assert cut > 0 and any(
        title.startswith(f"train: {cut} of") and f"at {short.limit} pieces" in title
        for title in titles
    )


def test_every_model_has_two_bars_with_their_values(found):
    one = found.pieces[0]
    other = replace(one, model="owner/name", fragmentation=one.fragmentation | {"split": 0.5})
    figure = data_figure(replace(found, pieces=(one, other)))
    assert [max(bar.x) for bar in traces(figure, "split")][1] == pytest.approx(50)
    assert len(traces(figure, "pieces per word")) == 2
    assert "50.0%" in [note.text for note in figure.layout.annotations]


def test_panels_that_are_compared_share_their_axes(figure):
    ranges = [axis.range for axis in figure.select_xaxes()]
    assert len(set(ranges[:3])) == 1 and len(set(ranges[3:6])) == 1
    assert len({axis.range for axis in figure.select_yaxes(row=2)}) == 1


def test_only_the_most_frequent_of_many_labels_are_drawn(found, monkeypatch):
    monkeypatch.setattr(drawn, "MOST_LABELS", 2)
    totals = found.labels.groupby("label")["count"].sum().sort_values()
    figure = data_figure(found)
    assert len(traces(figure, "train labels")) == 2
    assert set(figure.layout.yaxis.ticktext) <= {drawn._label(name) for name in totals.index[-3:]}


def test_one_length_and_no_split_word_can_be_drawn(found):
    one = found.pieces[0]
    lengths = {split: np.array([5, 5]) for split in one.lengths}
    whole = one.fragmentation | {"split": 0.0}
    figure = data_figure(
        replace(found, pieces=(replace(one, lengths=lengths, fragmentation=whole),))
    )
    [steps] = traces(figure, "train lengths")
    assert max(steps.y) == 100
