"""The card tells the whole study, names the draw, and holds no text and no folder."""

import re

import pytest
import torch

from workbench.execution.worker import Worker
from workbench.saved.card import card
from workbench.saved.description import Description, save_description
from workbench.saved.place import member_folders
from workbench.tasks.loading import load
from workbench.training.plan import Execution


@pytest.fixture
def finished(make_study):
    """Return a function that trains a study and returns the card of its runs."""

    def finish(**values):
        store, study = make_study(save="every", **values)
        Worker(store, study, Execution(torch.device("cpu"))).work()
        folders = member_folders(store, study)
        cards = {run: (folder / "README.md").read_text() for run, folder in folders.items()}
        return store, study, cards

    return finish


def test_it_tells_the_seeds_the_spread_and_the_settings(finished, small_model):
    store, study, cards = finished(seeds="3")
    for spec in study.specs:
        text = cards[spec.id]
        members = [each for each in study.specs if each.techniques == spec.techniques]
        tests = [100 * store.result(each.id)["test"]["pearson"] for each in members]
        for each, score in zip(members, tests, strict=True):
            mark = " (this model)" if each is spec else ""
            dev = 100 * store.result(each.id)["dev"]["pearson"]
            assert f"| {each.weights_seed}{mark} | {dev:.1f} | {score:.1f} | " in text
        deviation = torch.tensor(tests, dtype=torch.float64).std()
        assert f"| {torch.tensor(tests).mean():.1f} [" in text
        assert f" | {deviation:.1f} | {min(tests):.1f} to" in text
        assert "One member is one draw" in text and "trained 3 such models" in text
        for value in (spec.data, spec.id, spec.weights):
            assert f" | {value} |" in text
        assert "synthetic" in text and "the SHA-256 of the generated records" in text
        assert str(small_model) not in text and str(store.root) not in text


def test_only_the_best_is_called_so(finished):
    store, study, cards = finished(techniques="baseline")
    first, second = study.run_ids
    better = max((first, second), key=lambda run: store.result(run)["dev"]["pearson"])
    for run in (first, second):
        assert ("This one has the highest dev score of the 2" in cards[run]) == (run == better)
    number = study.by_id[better].weights_seed
    other = second if better == first else first
    assert f"On dev, seed {number} is the best of the 2; this is another one." in cards[other]


def test_a_lone_run_says_that_its_spread_is_not_known(finished):
    _, _, cards = finished(techniques="baseline", seeds="1")
    (text,) = cards.values()
    assert "One run is one draw" in text and "is the best of" not in text


def test_no_sentence_of_the_data_is_in_it(finished):
    _, study, cards = finished(techniques="baseline", seeds="1")
    (text,) = cards.values()
    for records in load(study.specs[0].task).splits.values():
        for column in ("sentence1", "sentence2"):
            assert not any(sentence in text for sentence in records[column])


def test_a_second_training_that_differs_is_told(finished, tmp_path):
    store, study, _ = finished(techniques="baseline", seeds="1")
    (run,) = study.run_ids
    save_description(tmp_path, Description(run, study.name, "pair", False, "1.0 instead of 2.0"))
    text = card(store, study, run, tmp_path)
    assert "The weights are of a second training" in text and "1.0 instead of 2.0" in text


def test_its_head_can_be_read_by_the_hub(finished):
    _, _, cards = finished(techniques="baseline", seeds="1")
    (text,) = cards.values()
    head = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)[1]
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(head) == {
        "library_name": "transformers",
        "pipeline_tag": "text-classification",
        "tags": ["biomedical", "workbench"],
    }


def test_of_own_data_neither_a_sentence_nor_its_place_is_in_any_file(finished, tmp_path):
    notes = [f"Patient {number} of ward {number % 7} says nothing secret" for number in range(40)]
    rows = [f"{note},{'home' if number % 2 else 'ward'}" for number, note in enumerate(notes)]
    (tmp_path / "notes.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    lines = ["name: followup", "kind: classification", "data: notes.csv"]
    (tmp_path / "followup.yaml").write_text(
        "\n".join([*lines, "split: {dev: 0.25, test: 0.25}"]) + "\n"
    )
    store, study, cards = finished(
        task=str(tmp_path / "followup.yaml"), techniques="baseline", seeds="1"
    )
    assert "followup" in cards[study.run_ids[0]]
    assert (
        "`data` is the SHA-256 of the task's records, labels and metric" in cards[study.run_ids[0]]
    )
    for path in (store.root / "models").rglob("*.*"):
        content = path.read_bytes()
        assert str(tmp_path).encode() not in content
        assert not any(note.encode() in content for note in notes)
