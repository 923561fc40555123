"""explore.ipynb where nobody looks: the same cells train and end in tables and pictures."""

import nbformat
import pytest
from nbclient import NotebookClient

from workbench.store.folder import RunStore
from workbench.store.study import load_study, study_names

PARAMETERS = {
    "task": "miniature-similarity:size=24",
    "models": "minilm",
    "techniques": "baseline,reinit",
    "seeds": "2",
    "max_steps": "3",
}

pytestmark = pytest.mark.slow


def kinds(notebook):
    """Return the MIME types that each code cell shows, its text streams left out."""
    return [
        [set(output.data) for output in cell.outputs if "data" in output]
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.outputs
    ]


def figures(notebook):
    return [found for cell in kinds(notebook) for found in cell if "image/png" in found]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    return tmp_path_factory.mktemp("outputs")


def test_papermill_runs_all_and_ends_with_pictures(root, command, outputs, tmp_path):
    target = tmp_path / "ran.ipynb"
    values = PARAMETERS | {"outputs": outputs}
    options = [word for name, value in values.items() for word in ("-p", name, value)]
    done = command("papermill", root / "notebooks" / "explore.ipynb", target, *options)
    assert done.returncode == 0, done.stderr
    notebook = nbformat.read(target, as_version=4)
    assert not any("widget" in kind for cell in kinds(notebook) for found in cell for kind in found)
    assert len(figures(notebook)) == 4
    assert any("text/markdown" in found for cell in kinds(notebook) for found in cell)
    assert "widgets" not in notebook.metadata
    assert target.stat().st_size < 200_000
    store = RunStore(outputs)
    study = load_study(store, study_names(store)[0])
    assert len(study.specs) == 4 and store.missing(study.run_ids) == []


def test_nbclient_shows_the_same_from_what_is_there(root, outputs, monkeypatch):
    notebook = nbformat.read(root / "notebooks" / "explore.ipynb", as_version=4)
    values = PARAMETERS | {"outputs": str(outputs)}
    place = next(i for i, cell in enumerate(notebook.cells) if "parameters" in tags(cell))
    lines = [f"{name} = {value!r}" for name, value in values.items()]
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell("\n".join(lines)))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    assert len(figures(notebook)) == 4
    texts = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    ]
    assert any("0 runs trained, 4 were there already" in text for text in texts)


def tags(cell):
    return cell.metadata.get("tags", [])
