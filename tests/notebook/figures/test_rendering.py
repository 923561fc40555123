import sys
import time
from pathlib import Path

import pytest

from workbench.notebook.figures import rendering

FIGURE = {"data": [{"type": "scatter", "x": [0, 1], "y": [0, 1]}], "layout": {}}


def child(tmp_path, monkeypatch, code):
    """Make `render` start this code in place of the browser's process."""
    monkeypatch.setattr(rendering, "GRACE", 0)
    script = tmp_path / "child.py"
    script.write_text(code)
    monkeypatch.setattr(rendering, "__file__", str(script))


def is_running(process):
    """Tell whether a process runs; one that has ended but was not waited for does not."""
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_images_come_back_in_order(tmp_path, monkeypatch):
    code = "import sys\nfor i in (1, 0): open(f'{sys.argv[1]}/{i}.image', 'w').write(str(i))"
    child(tmp_path, monkeypatch, code)
    assert rendering.render([{}, {}], timeout=30) == [b"0", b"1"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit('no display')", "no display"),
        ("raise SystemExit(3)", "the browser failed"),
        ("pass", "without an image"),
        ("import time; time.sleep(60)", "within 1 seconds"),
    ],
)
def test_failures_and_hangs_are_reported(tmp_path, monkeypatch, code, words):
    child(tmp_path, monkeypatch, code)
    with pytest.raises(rendering.RenderingError, match=words):
        rendering.render([FIGURE], timeout=1 if "sleep" in code else 30)


def test_no_kaleido_is_no_browser(monkeypatch):
    monkeypatch.setattr(rendering.importlib.util, "find_spec", lambda name: None)
    assert rendering.browser() is None


@pytest.mark.parametrize(("path", "found"), [(sys.executable, True), ("/nowhere/chrome", False)])
def test_browser_path_names_the_browser(monkeypatch, path, found):
    pytest.importorskip("choreographer")
    monkeypatch.setenv("BROWSER_PATH", path)
    assert rendering.browser() == (path if found else None)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_a_hung_browser_is_ended(tmp_path, monkeypatch):
    pytest.importorskip("kaleido")
    number = tmp_path / "number"
    hung = tmp_path / "hung"
    hung.write_text(f"#!/bin/sh\necho $$ > {number}\nexec sleep 60\n")
    hung.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(hung))
    with pytest.raises(rendering.RenderingError, match="within 4 seconds"):
        rendering.render([{"figure": FIGURE, "width": 300, "height": 200, "scale": 1}], timeout=4)
    # A signal takes effect when its process is next run, which a busy machine puts off.
    deadline = time.monotonic() + 10
    while is_running(int(number.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(int(number.read_text()))


@pytest.mark.browser
@pytest.mark.skipif(rendering.browser() is None, reason="no browser on this machine")
def test_a_real_browser_draws(monkeypatch):
    request = {"figure": FIGURE, "width": 300, "height": 200, "scale": 2}
    images = rendering.render([request, request], timeout=90)
    assert [image[:8] for image in images] == [b"\x89PNG\r\n\x1a\n"] * 2
    assert int.from_bytes(images[0][16:20]) == 600
