"""A user's own task through the command line and papermill, whose text is left nowhere."""

import pytest

from workbench.notebook.choosing.planning import dry_run
from workbench.store.folder import RunStore
from workbench.store.table import runs_table

pytestmark = pytest.mark.slow

NAMES = ("Quillfeather", "Oddlestone", "Brambleknot", "Wintersgill", "Hartlethorpe")
DRUGS = ("aspirin", "metformin", "warfarin", "digoxin")

TASK_FILE = """
name: ward-notes
title: Notes of a ward
kind: classification
data: notes.csv
columns: {id: id, text: note, label: outcome, document: patient}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a task file and its data, of which each row names a patient."""
    folder = tmp_path_factory.mktemp("own")
    given = [f"Patient {name} was given {drug} in ward seven" for name in NAMES for drug in DRUGS]
    rows = [
        f"{place},{text},{('ward', 'home', 'home')[place % 3]},{place}"
        for place, text in enumerate(given)
    ]
    (folder / "notes.csv").write_text("\n".join(["id,note,outcome,patient", *rows, ""]))
    (folder / "task.yaml").write_text(TASK_FILE)
    return folder


def values(folder):
    return {
        "task": "task.yaml",
        "models": "minilm",
        "techniques": "baseline",
        "seeds": "2",
        "max_steps": "4",
        "outputs": str(folder / "outputs"),
    }


def telling(text):
    """Return what of the rows stands in a text."""
    return [word for word in (*NAMES, "was given", "ward seven") if word in text]


def test_it_is_trained_once_and_leaves_no_text_behind(command, folder, root):
    options = [word for name, value in values(folder).items() for word in ("-p", name, value)]
    explore, explored = root / "notebooks" / "explore.ipynb", folder / "outputs" / "explored.ipynb"
    first = command("python", "-m", "workbench", "sweep", *options, cwd=folder)
    second = command("papermill", explore, explored, *options, "--log-output", cwd=folder)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    said = first.stdout + first.stderr + second.stdout + second.stderr
    assert "ward-notes with minilm" in said and "Notes of a ward: study ward-notes-" in said
    assert "2 runs trained, 0 were there already" in said
    assert "0 runs trained, 2 were there already" in said
    left = [path for path in (folder / "outputs").rglob("*") if path.is_file()]
    assert {path.name for path in left} >= {
        "worker-0.log",
        "result.json",
        "events.jsonl",
        "predictions.safetensors",
        "report.md",
        "ward-notes.ipynb",
        "explored.ipynb",
    }
    assert telling((folder / "notes.csv").read_text()) and not telling(said)
    assert [path for path in left if telling(path.read_bytes().decode("latin-1"))] == []


def test_its_results_name_its_file(folder):
    table = runs_table(RunStore(folder / "outputs"))
    assert table["task"].tolist() == [str((folder / "task.yaml").resolve())] * 2
    assert table["metric"].tolist() == ["macro_f1"] * 2 and table["test"].notna().all()


def test_an_edited_file_is_another_run(folder):
    settings = values(folder) | {"task": str(folder / "task.yaml")}
    assert "2 runs, 0 of them to train" in dry_run(settings)
    notes = folder / "notes.csv"
    notes.write_text(notes.read_text().replace("digoxin", "insulin"))
    assert "2 runs, 2 of them to train" in dry_run(settings)
