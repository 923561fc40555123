"""The report's numbers, against numbers worked out by hand from fixed measurements."""

import io

import pytest
from matplotlib.image import imread

from workbench.benchmark import figure, report


def measured(contestant, seconds, runs=1, workers=1, **values):
    return {
        "contestant": contestant,
        "runs": runs,
        "workers": workers,
        "seconds": seconds,
        "first": None,
        "memory": 1.5e9,
        "problem": "",
    } | values


def comparison(contestants, **values):
    return {
        "task": "biosses",
        "technique": "baseline",
        "precision": "float32",
        "examples_per_step": 16.0,
        "tokens_per_step": 1200.0,
        "operations_per_step": 6e10,
        "steps_per_epoch": 4.0,
        "rates": [1e11, 1e11, 2e11],
        "contestants": contestants,
    } | values


PEERS = (
    measured("published", [10.0, 12.0, 11.0], memory=2.25e9),
    measured("tuned", [1.0, 1.5, 2.0]),
)
# Ratios by round: published 20, 15, 11; tuned 2, 1.875, 2.
# The engine's share by round: 6e10 / (0.5 x 1e11) = 1.2, / (0.8 x 1e11) = 0.75,
# / (1.0 x 2e11) = 0.3; published 0.06, 0.05, 0.03; tuned 0.6, 0.4, 0.15.
ALONE = measured("engine", [0.5, 0.8, 1.0], first=3.25)
SIDE = measured("engine", [1.0, 1.2, 1.0], workers=2)
COHORT = measured("engine", [None, 2.0, 4.0], runs=10)
SLOW = measured("engine", [9.0, 9.0, 9.0], runs=4)
FAILED = measured("engine", [None, None, None], memory=None, problem="out of memory")


def results(comparisons=(), seeds=(1, 5), **values):
    return {
        "command": "python -m workbench bench",
        "date": "2030-01-01 00:00",
        "machine": {
            "gpu": None,
            "processor": "a processor",
            "cores": 2,
            "threads": 2,
            "load_average": 0.25,
            "memory_bytes": 8e9,
            "instruction_sets": ["avx2"],
            "versions": {"torch": "2"},
        },
        "model": "minilm",
        "seeds": list(seeds),
        "rounds": 3,
        "notes": ["bfloat16 is not native to this cpu: not measured."],
        "tasks": [],
        "comparisons": list(comparisons),
        "agreements": [],
        "random_weights": False,
        "precision": None,
        "scaling": None,
    } | values


def test_one_seed():
    table = report.lone_table(results([comparison([*PEERS, ALONE, SIDE])]))
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
    row = report.seeds_table(results([compared], [seeds])).iloc[0]
    assert (row["engine's way"], row["s/epoch of all"]) == (way, epoch)
    assert row["published / engine"] == f"{published:.2f}"
    assert row["tuned / engine"] == f"{tuned:.2f}"
    assert report.seeds_ratio(compared, "published", seeds) == pytest.approx(published)


def test_the_share_of_several_seeds_counts_all_of_them():
    compared = comparison([COHORT])
    # 10 x 6e10 / (2 x 1e11) = 3, / (4 x 2e11) = 0.75; the median of both.
    assert report.share(compared, COHORT, seeds=10) == pytest.approx(1.875)


def test_the_published_commands_in_float32_stand_beside_other_precisions():
    full = comparison([*PEERS, ALONE])
    half = comparison([measured("engine", [0.25, 0.5, 0.75])], precision="bfloat16")
    table = report.seeds_table(results([full, half], [1]))
    # 11 / 0.8 and 11 / 0.5.
    assert table["float32 published / engine"].tolist() == ["13.75", "22.00"]
    assert table["published / engine"].tolist() == ["15.00", ""]


def test_a_failure_stands_in_its_row_and_the_others_stay():
    found = results([comparison([*PEERS, FAILED])])
    lone = report.lone_table(found)
    assert lone["note"].tolist() == ["", "", "out of memory"]
    assert lone["s/step"].tolist() == ["11", "1.5", ""]
    assert report.seeds_table(found)["engine's way"].tolist() == ["out of memory"] * 2


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
    row = report.agreement_table(results(agreements=[agreement])).iloc[0]
    assert row["engine's losses"] == "2.00000 1.00000"
    assert (row["published differs by"], row["tuned differs by"]) == ("2.5e-06", "")
    assert row["agree"] == f"{shown} (within 0.0001)"
    assert row["note"] == "tuned: out of memory"


SCALING = {
    "precision": "float32",
    "cohorts": [
        {
            "runs": 4,
            "seconds_per_step": 2.0,
            "seconds_per_run": 0.5,
            "memory": 1e9,
            "problem": "",
        }
    ],
    "examples": [
        {
            "examples": 64,
            "prepare_seconds": 0.5,
            "seconds_per_step": 0.25,
            "steps_per_epoch": 8,
            "seconds_per_epoch": 2.0,
            "growth": None,
            "memory": 1e9,
            "problem": "",
        },
        {
            "examples": 256,
            "prepare_seconds": 1.0,
            "seconds_per_step": None,
            "steps_per_epoch": 32,
            "seconds_per_epoch": None,
            "growth": None,
            "memory": None,
            "problem": "out of memory",
        },
    ],
}


def test_scaling():
    found = results(scaling=SCALING)
    assert report.cohort_table(found).to_numpy().tolist() == [["4", "2", "0.5", "1.00", ""]]
    assert report.examples_table(found).to_numpy().tolist() == [
        ["64", "0.5", "0.25", "2", "", "1.00", ""],
        ["256", "1", "", "", "", "", "out of memory"],
    ]


def precision(name, scores, losses, repeated=()):
    return {
        "precision": name,
        "cohort": 1,
        "seconds": 12.5,
        "scores": scores,
        "losses": losses,
        "repeated": list(repeated),
    }


# Differences of the scores: 0.02, 0, 0.04: mean 0.02, sd 0.02, Student's t of two degrees of
# freedom 4.3027: 0.02 -+ 4.3027 x 0.02 / 3 ** 0.5 = 0.02 -+ 0.0497. Of the losses: -0.1 thrice
# but for 0.001.
PRECISION = {
    "task": "biosses",
    "title": "BIOSSES",
    "text": "real text",
    "metric": "pearson",
    "seeds": 3,
    "steps": 60,
    "precisions": [
        precision("float32", [0.50, 0.60, 0.70], [1.0, 1.1, 1.2]),
        precision("float16", [0.52, 0.60, 0.74], [0.9, 1.001, 1.1], [0, 1, 2]),
        precision("bfloat16", [None, 0.60, 0.70], [1.0, 1.1, 1.2]),
    ],
}


def test_precision():
    table = report.precision_table(results(precision=PRECISION)).to_dict("records")
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
        assert ("weights are random" in report.precision_text(found)) is random
        assert "60 steps, the same 3 seeds" in report.precision_text(found)


def test_the_whole_report_says_what_was_measured_and_how():
    found = results([comparison([*PEERS, ALONE, SIDE])], scaling=SCALING)
    for text in (report.as_markdown(found), report.as_text(found)):
        assert "a processor, 2 cores, 2 threads" in text
        assert "load average 0.2 at the start" in text
        assert "100 GFLOP/s in float32" in text
        assert "is computed: one seed's, times the seeds" in text
        assert "bfloat16 is not native" in text
    assert max(map(len, report.as_text(found).split("\n\n")[2].splitlines())) <= report.WIDTH


@pytest.mark.parametrize(
    ("values", "panels"),
    [
        ({"comparisons": [comparison([*PEERS, ALONE, SIDE])]}, 2),
        ({"scaling": SCALING}, 2),
        ({"precision": PRECISION}, 1),
        ({"comparisons": [comparison([*PEERS, FAILED])], "scaling": SCALING}, 4),
    ],
)
def test_the_figure_has_a_panel_for_each_measurement(values, panels):
    height, width, _ = imread(io.BytesIO(figure.draw(results(**values)))).shape
    assert (width, height) == (panels * 690, 540)


def test_without_measurements_there_is_no_figure():
    assert figure.draw(results()) is None
