"""What people read of a declared study."""

import pandas as pd
import pytest

from workbench.protocol.contrasts import contrasts
from workbench.protocol.report import Findings, opening
from workbench.protocol.sections import Arm, Data, Tuning


def test_the_opening_tells_arms_data_and_tuning(declare):
    tasks = {"biosses": Data(), "hoc": Data(train_size=(32, 64), subset_seeds=(0, 1))}
    arms = {
        "plain": Arm(learning_rate=(1e-5, 3e-5)),
        "frozen": Arm(technique=("freeze:1", "freeze:2"), learning_rate=(2e-5,)),
    }
    text = opening(declare(model="minilm", arms=arms, tasks=tasks, tuning=Tuning(seeds=1)))
    assert text.splitlines() == [
        "Study small: Does freezing help?",
        "Arm plain: minilm, baseline at 1e-05 or 3e-05",
        "Arm frozen: minilm, freeze:1 or freeze:2 at 2e-05, against plain",
        "Task biosses, training data: all",
        "Task hoc, training data: 32, 64, drawn 2 times",
        "Tuned: 2 candidates an arm, by the mean dev score over 1 tuning seed.",
        "Reported: 2 seeds. Runs: 12 to tune, 20 to report.",
    ]


@pytest.mark.parametrize(("model", "outside"), [("minilm", True), ("bert", False)])
def test_caveats_are_told_once_and_the_bundled_model_is_outside_the_claims(declare, model, outside):
    declaration = declare(model=model, caveats=("Only a try.",))
    empty = pd.DataFrame()
    found = Findings(declaration, empty, empty, empty, ["Only a try.", "A note."])
    assert found.caveats[:2] == ["Only a try.", "A note."]
    assert any("outside the models of the published claims" in text for text in found.caveats) == (
        outside
    )


def test_the_reading_names_the_declared_error_and_the_number_of_contrasts(declare):
    runs = pd.DataFrame(
        {
            "task": "biosses",
            "train_size": 0,
            "subset_seed": 0,
            "arm": ["plain", "plain", "frozen", "frozen"],
            "seed": [0, 1, 0, 1],
            "test": [0.1, 0.2, 0.3, 0.3],
            "collapsed": False,
        }
    )
    declaration = declare(tasks={"biosses": Data()}, tuning=Tuning())
    found = Findings(declaration, pd.DataFrame(), runs, contrasts(runs, declaration))
    assert "hold together at 95% over 1 contrast," in found.reading
    assert "## Candidates" not in found.markdown and found.reading in found.markdown


@pytest.mark.parametrize(
    ("items", "told"),
    [
        (["new", "new"], "over 2 contrasts, and are for new test items like these, not for these"),
        (["these", "these"], "and are over the runs on these test items: they do not say"),
        (["new", "these"], "; but those of b against plain on biosses are over the runs on these"),
    ],
)
def test_the_reading_tells_what_test_items_the_intervals_are_about(declare, items, told):
    table = pd.DataFrame(
        {"arm": ["a", "b"], "baseline": "plain", "task": "biosses", "items": items}
    )
    empty = pd.DataFrame()
    assert told in Findings(declare(), empty, empty, table).reading
