"""The parts of explore.ipynb together, without a page."""

import json
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.notebook.interactive import Interactive

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture
def opened(tmp_path):
    found = Interactive({"outputs": str(tmp_path), "max_steps": 2})
    yield found
    found.control.supervisor.close()


def test_another_task_is_another_text(opened):
    opened.chooser.task.value = "miniature-mention"
    assert opened.examples.task_name == "miniature-mention"
    assert opened.control.study is None


def test_a_mistyped_parameter_is_refused():
    with pytest.raises(WorkbenchError, match="no parameter 'taks'"):
        Interactive({"taks": "hoc"})


def test_both_notebooks_have_the_same_parameters():
    cells = [
        cell["source"]
        for name in ("explore", "sweep")
        for cell in json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"]
        if "parameters" in cell["metadata"].get("tags", [])
    ]
    assert len(cells) == 2 and cells[0] == cells[1]
