import numpy as np
import pytest

from workbench.comparison.predictions_file import read_predictions
from workbench.comparison.table import compare
from workbench.errors import WorkbenchError
from workbench.protocol.items import TaskItems
from workbench.store.folder import RunStore
from workbench.tasks.loading import load

HEAD = "task,model,technique,seed,item,prediction"
SIMILARITY, RELATION, QUESTION, DOCUMENT, MENTION, PICO = (
    f"miniature-{name}:size=24"
    for name in ("similarity", "relation", "question", "document", "mention", "pico")
)


@pytest.fixture
def written(tmp_path):
    def write(*lines, head=HEAD):
        path = tmp_path / "theirs.csv"
        path.write_text("\n".join([head, *lines]))
        return path

    return write


def items_and_answers(task):
    """Return what each test item is called, and the right answer as a script writes it."""
    loaded = load(task)
    records, labels = loaded.splits["test"], getattr(loaded.shape, "labels", ())
    gold = loaded.shape.gold(records)
    if loaded.shape.objective == "regression":
        answers = [str(score) for score in gold]
    elif loaded.shape.objective == "multi-label":
        answers = [";".join(np.array(labels)[row == 1]) for row in gold]
        return list(dict.fromkeys(records["document"][:])), answers
    else:
        answers = [labels[place] for place in gold]
    return [str(number) for number in range(len(answers))], answers


def lines_of(task, technique="baseline", seed=0, wrong=0, more=""):
    """Return a run that answers all but the first few items rightly, its lines turned round."""
    items, answers = items_and_answers(task)
    answers = answers[wrong : 2 * wrong] + answers[wrong:] if wrong else answers
    return [
        f"{task},theirs,{technique},{seed},{item},{answer}{more}"
        for item, answer in zip(items, answers, strict=True)
    ][::-1]


@pytest.mark.parametrize("task", [SIMILARITY, RELATION, QUESTION, DOCUMENT, MENTION, PICO])
def test_right_answers_have_the_highest_score(written, task):
    table, predicted = read_predictions(written(*lines_of(task)))
    (row,) = table.to_dict("records")
    loaded = load(task)
    assert row["test"] == pytest.approx(1) and row["metric"] == loaded.task.metric
    (found,) = predicted.values()
    assert (found.task, found.data) == (loaded.name, loaded.data_hash)
    assert np.array_equal(found.test, loaded.shape.gold(loaded.splits["test"]))


def test_a_run_is_scored_by_the_metric_of_its_task(written):
    lines = [*lines_of(QUESTION, seed=3, more=",x"), *lines_of(QUESTION, "other", 3, 5, ",x")]
    table, predicted = read_predictions(written(*lines, head=HEAD + ",kind"))
    loaded = load(QUESTION)
    gold = loaded.shape.gold(loaded.splits["test"])
    shifted = np.concatenate([gold[5:10], gold[5:]])
    assert table["test"].tolist() == pytest.approx([1, (shifted == gold).mean()])
    assert table["technique"].tolist() == ["baseline", "other"] and set(table["kind"]) == {"x"}
    assert table["run"].tolist() == list(predicted)


def test_the_error_of_the_items_is_known(written, tmp_path):
    lines = [
        line
        for seed in range(8)
        for technique, wrong in (("baseline", 12 + seed), ("other", seed % 3))
        for line in lines_of(QUESTION, technique, seed, wrong)
    ]
    runs, predicted = read_predictions(written(*lines))
    items = TaskItems(RunStore(tmp_path / "outputs"), predicted)
    row = compare(runs, items=items).iloc[1]
    assert row["item_sd"] > 0 and row["items_low"] < row["difference_low"]
    assert items.unknown == {}


GOOD = lines_of(QUESTION)
FIRST = f"{QUESTION},theirs,baseline,0,0"
NAMED = "yes, no, maybe"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([FIRST + ",secret"], "line 2, column prediction: this is no label of the task: "),
        ([GOOD[0], GOOD[0]], "line 3, column item: this item of the run is in line 2 too"),
        ([f"{QUESTION},theirs,baseline,0,900,yes"], "line 2, column item: this is no test item"),
        ([f"{QUESTION},theirs,baseline,0,secret,yes"], "they are numbers from 0 to "),
        (GOOD[:-1], "line 2: the run that begins here has "),
        (
            ["bioses,theirs,baseline,0,0,1"],
            "line 2, column task: this is no task of the workbench: did",
        ),
        (["a secret text,theirs,baseline,0,0,1"], "line 2, column task: this is no task"),
        (
            [FIRST.replace(",0,0", ",x,0") + ",yes"],
            "line 2, column seed: it must be a whole number",
        ),
        (
            [f"{SIMILARITY},theirs,baseline,0,0,secret"],
            "line 2, column prediction: it is no number",
        ),
        ([f"{SIMILARITY},theirs,baseline,0,0,"], "line 2, column prediction: it is empty"),
        ([f"{DOCUMENT},theirs,baseline,0,0,"], "they are ids of documents, such as "),
    ],
)
def test_what_cannot_be_read_is_told_with_line_and_column(written, lines, problem):
    with pytest.raises(WorkbenchError) as caught:
        read_predictions(written(*lines))
    assert problem in str(caught.value) and "secret" not in str(caught.value)


def test_missing_items_are_counted_and_one_is_named(written):
    items, _ = items_and_answers(QUESTION)
    with pytest.raises(WorkbenchError, match=f"{len(items) - 1} of the {len(items)} test items"):
        read_predictions(written(*GOOD[1:]))


def test_what_a_run_says_of_itself_must_agree(written):
    lines = [GOOD[0] + ",yes", GOOD[1] + ",no"]
    with pytest.raises(
        WorkbenchError, match="line 3, column collapsed: it says otherwise in line 2"
    ):
        read_predictions(written(*lines, head=HEAD + ",collapsed"))
