from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp, ttest_ind_from_stats

from tests.comparison.runs import group, together
from workbench.comparison import ledger as module
from workbench.comparison.ledger import COLUMNS, DATA_GONE, _data_notes, ledger, readable
from workbench.comparison.table import compare
from workbench.errors import WorkbenchError

NOISE = np.random.default_rng(0).normal(0, 1, 10)
NOISE = (NOISE - NOISE.mean()) / NOISE.std(ddof=1)


def scores(mean, sd=0.005):
    return mean + sd * NOISE


@pytest.fixture(autouse=True)
def published_data(monkeypatch):
    """Let the data be the published files."""
    monkeypatch.setattr(module, "_data_notes", lambda task, data: ())


def of(*groups):
    runs = together(*groups)
    return ledger(runs, compare(runs))


def rows(task, model, ours, **changes):
    return of(group("baseline", ours, task=task, model=model, **changes)).to_dict("records")


def test_ours_beside_every_number_of_the_model():
    ours = scores(0.90)
    gu, indus = rows("biosses", "pubmedbert", ours)
    assert (gu["paper"], gu["table"]) == ("Gu et al. 2020, arXiv:2007.15779", "Table 6")
    assert (gu["published"], gu["published_n"]) == (pytest.approx(0.923), 10)
    assert np.isnan(gu["published_sd"]) and gu["note"] == f"{module.WITHOUT_ERROR}."
    assert gu["mean"] == pytest.approx(0.9) and gu["n"] == 10
    alone = ttest_1samp(ours, 0.923).confidence_interval()
    assert (gu["difference_low"] + 0.923, gu["difference_high"] + 0.923) == pytest.approx(alone)
    assert indus["paper"].startswith("INDUS") and indus["note"] == ""
    assert (indus["published_sd"], indus["published_n"]) == (pytest.approx(0.011), 10)
    both = ttest_ind_from_stats(0.9, 0.005, 10, 0.922, 0.011, 10, equal_var=False)
    # The interval excludes 0 by as much as the test rejects.
    assert indus["difference"] == pytest.approx(-0.022)
    assert both.pvalue < 0.05 and indus["difference_high"] < 0
    half = (indus["difference_high"] - indus["difference_low"]) / 2
    error = (0.005**2 / 10 + 0.011**2 / 10) ** 0.5
    assert half / error == pytest.approx(2.159, abs=0.03)  # Student's quantile at 12.6 degrees.


@pytest.mark.parametrize(
    ("mean", "sd", "word"),
    [
        (0.849, 0.005, "agrees"),
        # It excludes the published number, by less than the margin everywhere.
        (0.845, 0.005, "agrees"),
        (0.842, 0.005, "differs"),
        (0.800, 0.005, "differs"),
        (0.900, 0.005, "differs"),
        # It holds the published number, and larger differences than the margin.
        (0.855, 0.010, "undecided"),
        (0.849, 0.050, "undecided"),
    ],
)
def test_overlap_is_no_agreement(mean, sd, word):
    (row,) = rows("gad", "biolinkbert-large", scores(mean, sd))
    assert row["published"] == pytest.approx(0.849)
    assert row["reproduction"] == word


def test_a_lone_run_or_runs_that_are_all_the_same_decide_nothing():
    for ours in ([0.849], [0.2, 0.2, 0.2]):
        (row,) = rows("gad", "biolinkbert-large", ours)
        assert row["reproduction"] == "undecided" and np.isnan(row["difference_low"])


@pytest.mark.parametrize(
    "changes",
    [
        {"train_size": 64},
        {"max_steps": 100},
        {"source": "theirs.csv"},
        {"stage": "tuning"},
        {"task": "miniature-similarity"},
    ],
)
def test_what_cannot_be_compared_is_not_listed(changes):
    values = {"task": "gad", "model": "pubmedbert"} | changes
    assert of(group("baseline", scores(0.84), **values)).empty
    assert of(group("freeze:6", scores(0.84), task="gad", model="pubmedbert")).empty


def test_the_two_readings_of_hoc_are_kept_apart():
    (sentences,) = rows("hoc", "pubmedbert", scores(0.82))
    assert sentences["published"] == pytest.approx(0.8232)
    (abstracts,) = rows("hoc:abstracts", "biolinkbert", scores(0.84))
    assert abstracts["published"] == pytest.approx(0.8435)
    (none,) = rows("hoc:abstracts", "pubmedbert", scores(0.84))
    assert none["reproduction"] == "no number"


def test_minilm_is_labelled():
    (row,) = rows("biosses", "minilm", scores(0.85))
    assert row["reproduction"] == "no number" and np.isnan(row["published"])
    assert "outside the models of the published claims (H1 to H6)" in row["note"]
    (other,) = rows("biosses", "someones/model", scores(0.85))
    assert other["note"] == f"{module.NO_NUMBER}."


def test_the_command_trains_our_runs():
    (row,) = rows("gad", "biolinkbert-large", scores(0.84), precision="bfloat16")
    assert row["command"].startswith("python -m workbench sweep -p task gad -p models biolinkbert")
    assert "-p seeds 10 " in row["command"] and row["command"].endswith("-p precision bfloat16")


def test_what_speaks_against_the_data_is_told(monkeypatch):
    monkeypatch.setattr(module, "_data_notes", lambda task, data: ("GAD/test.tsv differs",))
    (row,) = rows("gad", "biolinkbert-large", scores(0.84))
    assert row["note"] == f"GAD/test.tsv differs. {module.WITHOUT_ERROR}."


def test_read_by_people():
    found = of(
        group("baseline", scores(0.90), task="biosses", model="pubmedbert"),
        group("baseline", scores(0.85), task="biosses", model="minilm", epochs=7),
    )
    shown = readable(found).to_dict("records")
    assert shown[1]["published"] == "92.20" and shown[1]["sd"] == "1.1"
    assert shown[1]["difference [95%]"].startswith("-2.2 [-3.")
    assert shown[2]["published"] == "" == shown[2]["difference [95%]"]
    assert shown[2]["reproduction"] == "no number"


def test_an_empty_ledger_has_its_columns():
    found = of(group("freeze:6", scores(0.84)))
    assert found.empty and found.columns.tolist() == list(COLUMNS)
    assert readable(found).empty


@dataclass
class Loaded:
    data_hash: str
    notes: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Loaded("h"), ()),
        (Loaded("h", ("gad/test.tsv differs from the published file.",)), "differs"),
        (Loaded("other"), DATA_GONE),
        (None, DATA_GONE),
    ],
)
def test_notes_on_the_data(monkeypatch, found, expected):
    def load(task):
        if found is None:
            raise WorkbenchError("gone")
        return found

    monkeypatch.setattr("workbench.tasks.loading.load", load)
    _data_notes.cache_clear()
    notes = _data_notes("gad", "h")
    assert bool(notes) == bool(expected) and all(expected in note for note in notes)
    _data_notes.cache_clear()


def test_without_runs_there_is_nothing():
    nothing = pd.DataFrame(columns=["run", "task", "test"])
    assert ledger(nothing, compare(nothing)).empty
