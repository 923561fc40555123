"""The facts of the tasks and the grammar of their names."""

import csv

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.catalogue import HALLMARKS, TASKS, canonical, find, names
from workbench.tasks.files import pins

BLURB = tuple(name for name in TASKS if not TASKS[name].synthetic)


def test_the_thirteen_tasks_and_the_six_generated_ones():
    expected = (
        "bc5-chem bc5-disease ncbi-disease bc2gm jnlpba ebm-pico chemprot ddi gad biosses hoc"
    )
    assert names()[:13] == (*expected.split(), "pubmedqa", "bioasq")
    generated = ("similarity", "document", "mention", "relation", "question", "pico")
    assert names()[13:] == tuple(f"miniature-{shape}" for shape in generated)


def test_the_six_types_have_their_tasks():
    types = [TASKS[name].type for name in BLURB]
    assert {kind: types.count(kind) for kind in types} == {
        "NER": 5,
        "PICO": 1,
        "relation extraction": 3,
        "sentence similarity": 1,
        "document classification": 1,
        "question answering": 2,
    }


@pytest.mark.parametrize("name", BLURB)
def test_every_task_has_facts(name):
    task = TASKS[name]
    assert task.name == name and task.folder and min(task.counts) > 0 and task.unit
    assert set(task.recipes) == {"small", "base", "large"}
    small, base = task.recipes["small"], task.recipes["base"]
    assert (small.batch_size, small.epochs) == (base.batch_size, -(-base.epochs // 2))
    assert small.learning_rate > base.learning_rate


@pytest.mark.parametrize("name", [name for name in BLURB if name != "bioasq"])
def test_every_file_is_pinned(name):
    task = TASKS[name]
    assert {(task.folder, file) for file in task.files} <= set(pins())


@pytest.mark.parametrize("name", TASKS)
def test_what_is_spared_or_negative_is_there(name):
    task = TASKS[name]
    assert set(task.spared) <= set(task.files) and set(task.negative) <= set(task.labels)


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("biosses", "base", (16, 1e-5, 30)),
        ("biosses", "large", (32, 3e-5, 100)),
        ("hoc", "base", (32, 4e-5, 40)),
        ("ncbi-disease", "large", (16, 2e-5, 10)),
        ("jnlpba", "base", (16, 1e-5, 5)),
        ("ebm-pico", "base", (32, 5e-5, 1)),
    ],
)
def test_published_recipes(name, size, expected):
    recipe = TASKS[name].recipes[size]
    assert (recipe.batch_size, recipe.learning_rate, recipe.epochs) == expected


def test_hallmarks_are_ten():
    assert len(HALLMARKS) == 10 and TASKS["hoc"].labels == HALLMARKS


@pytest.mark.parametrize(
    ("text", "option", "name"),
    [
        ("biosses", "", "biosses"),
        ("hoc", "sentences", "hoc"),
        ("hoc:sentences", "sentences", "hoc"),
        ("HoC:abstracts ", "abstracts", "hoc:abstracts"),
        ("miniature-mention", "", "miniature-mention"),
        ("miniature-mention:seed=0:size=64", "", "miniature-mention"),
        (
            "miniature-mention:seed=7:noise=.10:size=32:difficulty=1.0",
            "size=32:noise=0.1:difficulty=1:seed=7",
            "miniature-mention:size=32:noise=0.1:difficulty=1:seed=7",
        ),
    ],
)
def test_find_and_canonical(text, option, name):
    task, found = find(text)
    assert (found, canonical(task, found)) == (option, name)
    assert find(canonical(task, found)) == (task, found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hco", "there is no task 'hco': did you mean 'hoc'"),
        ("bioses", "did you mean 'biosses'"),
        ("hoc:abstract", "no option of task 'hoc' 'abstract': did you mean 'abstracts'"),
        ("biosses:abstracts", "task 'biosses' has no options"),
        ("miniature-mention:sise=3", "'sise': did you mean 'size'"),
        ("miniature-mention:size=0", "size='0' .* is not a whole number from 1 to 100000"),
        ("miniature-mention:size=6.5", "not a whole number"),
        ("miniature-mention:noise=2", "not a number from 0 to 1"),
        ("miniature-mention:noise=nan", "not a number from 0 to 1"),
        ("miniature-mention:noise", "noise='' "),
        ("miniature-mention:size=2:size=2", "size twice"),
    ],
)
def test_a_mistyped_name_is_refused_with_its_mend(text, message):
    with pytest.raises(WorkbenchError, match=message):
        find(text)


def test_pins_have_an_identity_each():
    assert len(pins()) == 35
    for pin in pins().values():
        assert pin.url.startswith("https://") and len(pin.git_blob) == 40
        assert len(pin.sha256) in (0, 64) and bool(pin.sha256) == (pin.size is not None)
    assert [key for key, pin in pins().items() if not pin.sha256] == [("ebmnlp", "train.tsv")]


def test_the_real_files_are_the_pinned_ones(corpora):
    with (corpora / "pins.csv").open(encoding="utf-8", newline="") as table:
        assert len(list(csv.DictReader(table))) == len(pins())
    found = [pin for pin in pins().values() if (corpora / pin.folder / pin.file).exists()]
    assert found and all(pin.matches(corpora / pin.folder / pin.file) for pin in found)
