import pytest

from workbench.notebook.page import saying


def test_texts_are_escaped():
    written = saying.muted(["<b>", "", "a"], tooltip='"x"')
    assert "&lt;b&gt; \N{MIDDLE DOT} a<" in written and 'title="&quot;x&quot;"' in written
    assert "&lt;i&gt;" in saying.trouble("<i>") and "&lt;i&gt;" in saying.plan("<i>")


def test_an_alert_is_read_aloud_and_a_plan_when_it_changes():
    assert 'role="alert"' in saying.trouble("no", alert=True)
    assert "role" not in saying.trouble("no")
    assert 'role="status"' in saying.plan("a")


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("Time: about 1:00", "<b>Time:</b> about 1:00"),
        ("no heading", "no heading"),
        (f"{'long ' * 20}: x", f"{'long ' * 20}: x"),
    ],
)
def test_a_lines_heading_is_bold(line, written):
    assert f"<div>{written}</div>" in saying.plan(f"{line}\nnext")
