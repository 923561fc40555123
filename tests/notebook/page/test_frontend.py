from types import SimpleNamespace

import pytest

from workbench.notebook.page import frontend


@pytest.mark.parametrize(
    ("session", "content", "drawn"),
    [
        (True, {"allow_stdin": True}, True),
        (True, {"allow_stdin": False}, False),
        (True, None, False),
        (False, {"allow_stdin": True}, False),
    ],
    ids=["JupyterLab", "papermill within JupyterLab", "no request", "another front end"],
)
def test_draws_plotly(monkeypatch, session, content, drawn):
    parent = {} if content is None else {"content": content}
    shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda: parent))
    monkeypatch.setattr(frontend, "get_ipython", lambda: shell)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    if session:
        monkeypatch.setenv("JPY_SESSION_NAME", "sweep.ipynb")
    assert frontend.draws_plotly() is drawn
    assert frontend.attended() is (content == {"allow_stdin": True})


def test_nothing_draws_outside_a_kernel(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "sweep.ipynb")
    assert frontend.draws_plotly() is False
    assert frontend.attended() is False
