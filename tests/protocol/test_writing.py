"""What is written as a study file is read back as it was."""

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.protocol.declaration import AUTO, Declaration
from workbench.protocol.draft import declared
from workbench.protocol.sections import DIRECTIONS, Arm, Budget, Contrast, Data, Training, Tuning
from workbench.protocol.study_file import read_declaration, shipped
from workbench.protocol.writing import study_text, write_study, written
from workbench.store.settings import SweepSettings

WRITTEN = """\
# Run it: python -m workbench study freezing.yaml
# what the study is to answer, in one sentence
question: 'Freezing: does it help?'
# of every arm that names none: name, hub id or folder
model: minilm
# what is compared, each by a name of your own
arms:
  baseline:
  freeze: {technique: freeze}
# the arm that those are compared with which name none
baseline: baseline
# names of tasks or task files; a list, or settings below each
tasks:
  biosses:
  hoc: {train_size: 64}
# of the reported runs: a count, a list, or auto (until it is decided)
seeds: [7]
# how candidates are chosen
tuning:
  learning_rate: [1e-4, 2.5e-5]
# what counts as a difference
contrast: {direction: higher, margin: 2}
"""

RATES = st.floats(1e-9, 1e3)
NAMES = st.text(min_size=1, max_size=20)
TECHNIQUES = ("baseline", "freeze", "freeze:3", "layerwise:0.9+reinit:2", "longer")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("studies")


@st.composite
def declarations(draw, folder):
    """Draw a study of any names and numbers, whose arms have a grid or a rate each."""
    names = draw(st.lists(NAMES, min_size=2, max_size=4, unique=True))
    size = draw(st.integers(1, 3))
    grids = st.lists(RATES, min_size=size, max_size=size, unique=True).map(tuple)
    seeds = st.lists(st.integers(0, 900), min_size=1, max_size=4, unique=True).map(tuple)
    return Declaration(
        path=folder / "drawn.yaml",
        question=draw(st.text(max_size=30)),
        model=draw(NAMES.filter(lambda name: "," not in name)),
        arms={
            name: Arm(technique=(f"freeze:{i}",), learning_rate=draw(grids))
            for i, name in enumerate(names)
        },
        baseline=names[0],
        tasks={draw(NAMES): draw(st.builds(Data, seeds, seeds)), "hoc": Data()},
        seeds=draw(seeds | st.integers(1, 30)),
        tuning=Tuning(seeds=draw(st.integers(1, 5))),
        training=Training(epochs=draw(st.integers(0, 9)), learning_rate=draw(RATES)),
        contrast=Contrast(
            draw(st.sampled_from(DIRECTIONS)), draw(RATES), draw(st.floats(0.01, 0.4))
        ),
        budget=Budget(hours=draw(RATES)),
        caveats=tuple(draw(st.lists(st.text(), max_size=3))),
    )


# The first text that is drawn takes a second: a table of all letters is made.
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_declaration_is_read_back_as_it_was(data, folder):
    declaration = data.draw(declarations(folder))
    declaration.path.write_text(study_text(declaration), encoding="utf8", newline="")
    assert read_declaration(declaration.path) == declaration


@settings(max_examples=50, deadline=None)
@given(
    models=st.sampled_from(["minilm", "auto", "minilm,bert", "bert,minilm,some/hub-id"]),
    techniques=st.lists(st.sampled_from(TECHNIQUES), min_size=2, unique=True),
    seeds=st.sampled_from(["1", "5", "3,", "0,1,2", "4,2"]),
    numbers=st.fixed_dictionaries(
        {
            "learning_rate": st.just(0.0) | RATES,
            "batch_size": st.integers(0, 64),
            "max_steps": st.integers(0, 9),
            "train_size": st.integers(0, 99),
            "subset_seed": st.integers(0, 9),
        }
    ),
)
def test_a_saved_sweep_declares_the_same_runs_when_it_is_read(
    models, techniques, seeds, numbers, folder
):
    sweep = SweepSettings("hoc", models, ",".join(techniques), seeds, **numbers)
    declaration = declared(sweep, folder / "saved.yaml", "Does it?")
    path = write_study(declaration, replace=True)
    found = read_declaration(path)
    assert found == declaration and found.reporting_seeds == sweep.seed_list
    assert found.runs == (0, len(sweep.model_names) * len(techniques) * len(sweep.seed_list))


@pytest.mark.parametrize("name", shipped())
def test_shipped_studies_are_written_as_they_were(name, folder):
    text = study_text(read_declaration(shipped()[name]))
    (folder / f"{name}.yaml").write_text(text, encoding="utf8")
    ours, theirs = read_declaration(folder / f"{name}.yaml"), read_declaration(shipped()[name])
    assert vars(ours) | {"path": ""} == vars(theirs) | {"path": ""}


def test_it_is_short_and_says_what_each_setting_is(tmp_path):
    declaration = Declaration(
        path=tmp_path / "freezing.yaml",
        question="Freezing: does it help?",
        model="minilm",
        arms={"baseline": Arm(), "freeze": Arm(technique=("freeze",))},
        baseline="baseline",
        tasks={"biosses": Data(), "hoc": Data(train_size=(64,))},
        seeds=(7,),
        tuning=Tuning(learning_rate=(1e-4, 2.5e-5)),
        contrast=Contrast("higher", 2.0),
    )
    assert study_text(declaration) == WRITTEN


@pytest.mark.parametrize("text", ["a\x85", " \u2028", "é\u2029b", "\ufeff", "two\nlines", "a: b"])
def test_any_text_is_read_back(study, text):
    written = study(model=text, caveats=(text, "other"))
    assert read_declaration(write_study(written)) == written


@given(RATES)
def test_a_number_is_written_exactly(value):
    assert float(written(value)) == value and float(yaml.safe_load(written(value))) == value


@pytest.fixture
def study(tmp_path):
    arms = {"plain": Arm(), "frozen": Arm(technique=("freeze",))}
    values = {"arms": arms, "baseline": "plain", "tasks": {"hoc": Data()}}
    return lambda name="mine", **more: Declaration(
        tmp_path / "new" / f"{name}.yaml", "Does it?", **values | more
    )


def test_a_file_is_replaced_only_when_that_is_asked_for(study):
    path = write_study(study())
    before = path.read_text()
    with pytest.raises(WorkbenchError, match=r"there is a study file .*mine\.yaml: choose another"):
        write_study(study(seeds=9))
    assert path.read_text() == before
    assert write_study(study(seeds=9), replace=True) == path and read_declaration(path).seeds == 9
    assert [each.name for each in path.parent.iterdir()] == ["mine.yaml"]


def test_it_takes_no_shipped_study_s_name(study):
    with pytest.raises(WorkbenchError, match="h1 is a shipped study: choose another name"):
        write_study(study("h1"))


def test_auto_and_its_budget_are_written(study):
    path = write_study(study(seeds=AUTO, budget=Budget(runs=80)))
    assert "seeds: auto\n" in path.read_text() and read_declaration(path).seeds == AUTO
