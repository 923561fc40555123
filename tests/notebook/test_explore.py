"""Which workbench a notebook gets."""

import pytest

from workbench.errors import WorkbenchError
from workbench.notebook import explore
from workbench.notebook.page import frontend


class Opened:
    """Stands for a workbench with widgets."""

    closed = False

    def __init__(self, namespace):
        self.namespace = namespace

    def close(self):
        self.closed = True


@pytest.fixture
def attended(monkeypatch):
    from workbench.notebook import interactive

    monkeypatch.setattr(frontend, "attended", lambda: True)
    monkeypatch.setattr(interactive, "Interactive", Opened)
    monkeypatch.setattr(explore, "_opened", [])


@pytest.mark.usefixtures("attended")
def test_a_cell_that_is_run_again_closes_what_it_opened_before():
    first, second = explore.start({"task": "hoc"}), explore.start({})
    assert (first.closed, second.closed) == (True, False)
    assert first.namespace == {"task": "hoc"}


def test_without_anybody_a_mistyped_parameter_is_refused_before_anything_is_trained():
    with pytest.raises(WorkbenchError, match="no parameter 'taks'"):
        explore.start({"taks": "hoc"})
