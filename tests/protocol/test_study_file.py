"""What a study file may say, and what it may not."""

import re
from pathlib import Path

import pytest

from workbench.analysis.looks import LOOKS
from workbench.errors import WorkbenchError
from workbench.models.catalogue import BUNDLED, MODELS
from workbench.protocol.declaration import FIRST_ROUND
from workbench.protocol.sections import Arm, Candidate, Data
from workbench.protocol.study_file import find, listing, overview, read_declaration, shipped
from workbench.tasks.catalogue import TASKS
from workbench.techniques import parse

README = Path(__file__).resolve().parents[2] / "README.md"

LITTLE = """
question: Does freezing help?
arms:
  plain:
  frozen: {technique: freeze:6}
baseline: plain
tasks: [biosses]
"""

WHOLE = """
question: Does freezing help, and how much?
model: minilm
baseline: plain
arms:
  plain: {learning_rate: [1e-5, 2e-5]}
  frozen: {technique: [freeze:2, freeze:4], learning_rate: 3e-5}
tasks:
  biosses:
  hoc: {train_size: [32, 64], subset_seeds: [0, 1, 2], epochs: 2, max_steps: 100}
seeds: [4, 7]
tuning: {seeds: 2}
training: {epochs: 3, reporting: best-dev}
contrast: {direction: higher, margin: 2, error: 0.1}
budget: {runs: 100, hours: 1.5}
caveats: Only a try.
"""


@pytest.fixture
def read(written):
    return lambda text: read_declaration(written(text))


def test_little_is_enough(read):
    found = read(LITTLE)
    assert found.name == "study" and found.model == "auto"
    assert found.arms == {"plain": Arm(), "frozen": Arm(technique=("freeze:6",))}
    assert found.tasks == {"biosses": Data()}
    assert found.reporting_seeds == [0, 1, 2, 3, 4] and not found.tuned
    assert found.runs == (0, 10)


def test_every_setting_is_read(read):
    found = read(WHOLE)
    assert found.candidates("plain") == [Candidate("baseline", 1e-5), Candidate("baseline", 2e-5)]
    assert found.candidates("frozen") == [Candidate("freeze:2", 3e-5), Candidate("freeze:4", 3e-5)]
    assert found.tasks["hoc"].subsets == [(size, seed) for size in (32, 64) for seed in (0, 1, 2)]
    assert found.tasks["hoc"].training == {"epochs": 2, "max_steps": 100}
    assert found.tasks["biosses"].training == {}
    assert (found.reporting_seeds, found.tuning_seeds) == ([4, 7], [1000, 1001])
    assert (found.training.epochs, found.training.reporting) == (3, "best-dev")
    assert (found.contrast.direction, found.contrast.margin) == ("higher", 2.0)
    assert (found.budget.runs, found.budget.hours) == (100, 1.5)
    assert found.caveats == ("Only a try.",)
    # Three training sets x four candidates x two seeds; seven subsets x two arms x two seeds.
    assert found.runs == (24, 28)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("model:", "modell:", "there is no setting 'modell': did you mean 'model'?"),
        ("margin:", "margn:", "there is no setting of contrast 'margn': did you mean 'margin'?"),
        ("train_size:", "size:", "there is no setting of tasks.hoc 'size': did you mean"),
        ("technique:", "tecnique:", "setting of arms.frozen 'tecnique': did you mean 'technique'?"),
        ("question: Does freezing help, and how much?", "", "question is missing: add it"),
        ("direction: higher", "direction: highr", "there is no direction 'highr': did you mean"),
        ("seeds: [4, 7]", "seeds: many", "seeds must be a count, a list of seeds, or auto"),
        ("seeds: [4, 7]", "seeds: [4, 4]", "seeds must name at least one, each 0 or more and once"),
        ("seeds: [4, 7]", "seeds: 0", "seeds must name at least one"),
        ("seeds: 2", "seeds: [7, 8]", "seed 7 is to tune and to report, which would favour"),
        ("seeds: 2", "seeds: auto", "the seeds of tuning must be a count or a list"),
        ("baseline: plain", "", "the arm 'plain' has no baseline: name the arm"),
        ("baseline: plain", "baseline: plane", "there is no arm 'plane': did you mean 'plain'?"),
        ("runs: 100", "runs: 51", "budget.runs is 51, but it takes 52 runs (24 to tune, 28 to re"),
        ("[1e-5, 2e-5]", "[1e-5, 2e-5, 3e-5]", "unequal numbers of candidates (plain 3, frozen 2)"),
        ("[1e-5, 2e-5]", "[1e-5, 1e-5]", "'plain' must name at least one technique, and each"),
        (
            "[1e-5, 2e-5]",
            "[0, 1e-5]",
            "each learning_rate that the arm 'plain' tries must be above",
        ),
        ("[freeze:2, freeze:4]", '["freeze:2,reinit", freeze:4]', "names several by commas"),
        ("train_size: [32, 64]", "train_size: [64, 64]", "names one twice: name each once"),
        ("train_size: [32, 64]", "train_size: [-1]", "must be 0 or more, at least one each"),
        ("epochs: 2", "epochs: -2", "batch_size, epochs and max_steps of hoc must be 0 or more"),
        ("train_size: [32, 64]", "train_size: []", "must be 0 or more, at least one each"),
        ("train_size: [32, 64]", "train_size: few", "must be a whole number or a list of them"),
        ("error: 0.1", "error: 0.5", "its error above 0 and below 0.5"),
        ("error: 0.1", "items: nwe", "there is no choice of items 'nwe': did you mean 'new'?"),
        ("margin: 2", "margin: 0", "the margin of contrast must be above 0"),
        ("caveats: Only a try.", "not_testable: no", "not_testable must be text; put quotes"),
        ("caveats: Only a try.", "not_testable: All differ.", "has arms or tasks: leave either"),
        ("epochs: 3", "learning_rate: 1e-5", ""),
    ],
)
def test_what_cannot_work_is_one_sentence_that_names_the_file(read, old, new, sentence):
    assert old in WHOLE
    if not sentence:
        assert read(WHOLE.replace(old, new)).training.learning_rate == 1e-5
        return
    with pytest.raises(WorkbenchError) as refused:
        read(WHOLE.replace(old, new, 1) if old != "baseline: plain" else WHOLE.replace(old, new))
    told = str(refused.value)
    assert sentence in told and "study.yaml: " in told and "\n" not in told


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (LITTLE + "tuning: {learning_rate: [1e-5]}\ntraining: {learning_rate: 1e-4}\n", "keep one"),
        (LITTLE.replace("  frozen: {technique: freeze:6}\n", ""), "fewer than two arms"),
        (LITTLE.replace("{technique: freeze:6}", ""), "'plain' and 'frozen' are the same"),
        (LITTLE.replace("tasks: [biosses]", ""), "it has no tasks: name at least one"),
        (
            LITTLE.replace("6}", "6, model: bert}") + "seeds: auto\nbudget: {runs: 90}\n",
            "'frozen' and 'plain' are of two models: name a count of seeds",
        ),
        (
            LITTLE.replace("[biosses]", "{hoc: {train_size: 8, subset_seeds: [1, 2]}}")
            + "seeds: auto\nbudget: {runs: 90}\n",
            "which goes with one of subset_seeds",
        ),
        (LITTLE + "seeds: auto\n", "seeds is auto, which may go on for long: add budget.runs"),
        ("- a list\n", "it must hold settings, such as 'question: "),
        ("question: [", "line 1 is no YAML: mend it"),
    ],
)
def test_what_else_cannot_work(read, text, sentence):
    with pytest.raises(WorkbenchError, match=re.escape(sentence)):
        read(text)


def test_the_name_of_the_file_is_that_of_stored_studies(written):
    with pytest.raises(WorkbenchError, match="its name 'my study' must be of up to 60 letters"):
        read_declaration(written(LITTLE, "my study.yaml"))


def test_a_task_file_is_found_from_the_study_file(written, tmp_path):
    found = read_declaration(written(LITTLE.replace("biosses", "sub/own.yaml")))
    assert found.task_name("sub/own.yaml") == str(tmp_path / "sub" / "own.yaml")
    assert found.task_name("biosses") == "biosses"


def test_an_unknown_study_is_told_the_nearest_one():
    with pytest.raises(WorkbenchError, match="there is no shipped study 'h7': did you mean 'h"):
        find("h7")
    with pytest.raises(WorkbenchError, match=r"there is no study file .*nosuch\.yaml"):
        find("nosuch.yaml")


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_study_can_be_planned(name):
    found = find(name)
    assert found.name == name and found.question.endswith("?")
    if found.not_testable:
        return
    assert 0 < sum(found.runs) <= found.budget.runs
    assert {task.partition(":")[0] for task in found.tasks} <= set(TASKS)
    for arm in found.arms:
        model = MODELS[found.model_of(arm)]
        for candidate in found.candidates(arm):
            neutral = not parse(candidate.technique, model.layers).techniques
            assert neutral == (candidate.technique == "baseline")


def test_the_questions_of_the_paper_are_shipped():
    assert {f"h{number}" for number in range(1, 7)} <= set(shipped())
    assert [name for name in shipped() if find(name).not_testable] == ["h4", "h6"]


@pytest.mark.parametrize("name", [name for name in shipped() if name.endswith("-small")])
def test_a_scaled_down_study_runs_offline_and_says_that_it_is_no_test_of_the_claim(name):
    found = find(name)
    assert {found.model_of(arm) for arm in found.arms} == {BUNDLED}
    assert all(TASKS[task].synthetic for task in found.tasks)
    assert "outside the population of its claim" in found.caveats[0]


def test_the_command_line_lists_studies_and_settings():
    assert all(f"  {name} " in overview() for name in shipped())
    assert "Not testable with these checkpoints" in " ".join(overview().split())
    listed = " ".join(" ".join(listing()).split())
    for text in ("arms.NAME.technique as in a sweep", "tuning.seeds a count", "budget.runs runs"):
        assert text in listed


def test_the_example_of_the_readme_can_be_planned(read):
    text = next(
        block
        for block in re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL)
        if block.startswith("question")
    )
    found = read(text)
    assert found.reporting_seeds == list(range(8)) and found.tuning_seeds == [1000, 1001]
    assert found.runs == (24, 48)


def test_the_first_round_is_the_first_look_of_the_rule():
    assert LOOKS[0] == FIRST_ROUND
