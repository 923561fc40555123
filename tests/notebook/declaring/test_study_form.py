"""The fields of a declared study: what is typed, and what is proposed."""

import pytest

from workbench.errors import WorkbenchError
from workbench.notebook.declaring.study_form import StudyForm
from workbench.protocol.declaration import AUTO
from workbench.protocol.sections import DIRECTIONS, Budget, Contrast, Tuning
from workbench.store.settings import SweepSettings

SETTINGS = SweepSettings(task="hoc", models="minilm", techniques="baseline,freeze", seeds="7")


@pytest.fixture
def form():
    return StudyForm()


@pytest.fixture
def declare(form, tmp_path):
    def make(settings=SETTINGS, **typed):
        for name, value in typed.items():
            form.fields[name.replace("_", " ")].value = value
        return form.declaration(settings, tmp_path)

    return make


def test_nothing_need_be_typed(form, declare, tmp_path):
    form.follow(SETTINGS)
    found = declare()
    assert found.path == tmp_path / "declared" / "hoc-study.yaml"
    assert found.question == form.fields["question"].placeholder
    assert found.question == "Does freeze score differently from baseline on hoc?"
    assert (form.fields["name"].placeholder, found.seeds) == ("hoc-study", 7)
    assert form.fields["seeds"].placeholder == "as chosen above: 7"
    assert (found.tuning, found.contrast, found.budget) == (Tuning(), Contrast(), Budget())


def test_what_is_typed_is_declared(declare):
    found = declare(
        question=" Does it? ",
        name="mine",
        seeds="3, 4",
        rates="1e-5, 3e-5",
        tuning_seeds=2,
        direction="higher",
        margin=2.5,
        runs=90,
    )
    assert (found.question, found.name, found.seeds) == ("Does it?", "mine", (3, 4))
    assert found.tuning == Tuning((1e-5, 3e-5), 2)
    assert (found.contrast, found.budget) == (Contrast("higher", 2.5), Budget(90))


def test_seeds_are_a_count_a_list_or_auto(declare):
    assert declare(seeds="12").seeds == 12
    assert declare(seeds="12,").seeds == (12,)
    assert declare(seeds=AUTO, runs=90).seeds == AUTO


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"rates": "1e-5 3e-5"}, "the tuning rates are '1e-5 3e-5', but they must be numbers"),
        ({"rates": "nan"}, "must be numbers with commas between"),
        ({"seeds": "many"}, "seeds is 'many', but it must be a count"),
        ({"seeds": "0"}, "seeds is 0, but it must be at least 1"),
        ({"seeds": AUTO}, "seeds is auto, which may go on for long: add budget.runs"),
        ({"runs": 3}, "budget.runs is 3, but it takes 14 runs"),
        ({"name": "my study"}, "its name 'my study' must be of up to 60 letters"),
        ({"name": "../study"}, "the name '../study' is a path: use letters"),
    ],
)
def test_what_cannot_work_is_one_sentence(declare, typed, sentence):
    with pytest.raises(WorkbenchError) as refused:
        declare(**typed)
    assert sentence in str(refused.value) and "\n" not in str(refused.value)


def test_the_question_follows_what_is_expected(form):
    asked = []
    form.observe(lambda: asked.append(True))
    form.fields["direction"].value = "lower"
    form.follow(SETTINGS)
    assert "score lower than baseline" in form.fields["question"].placeholder and asked == [True]


def test_every_field_says_what_it_is(form):
    assert all(field.description and field.tooltip for field in form.fields.values())
    assert {value for _, value in form.fields["direction"].options} == set(DIRECTIONS)
