"""Lists get the keys that JupyterLab would take, in a real browser."""

import shutil
from pathlib import Path

import pytest

from workbench.notebook.page import keyboard

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SCRIPT = Path(keyboard.__file__).with_suffix(".js")
PAGE = """
<div class="jupyter-widgets"><select id="ours"><option>a</option></select><input id="text"></div>
<select id="other"><option>a</option></select>
"""
ATTRIBUTE = "data-lm-suppress-shortcuts"


def test_the_widget_carries_the_script():
    assert keyboard.Keyboard()._esm == SCRIPT.read_text()


@pytest.fixture
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no browser is installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started.new_page()
        started.close()


@pytest.mark.browser
def test_only_a_widgets_list_is_left_its_keys_and_only_while_it_is_shown(browser):
    browser.set_content(PAGE)
    script = SCRIPT.read_text().replace("export default", "window.keyboard =")
    browser.evaluate(f"() => {{ {script}; window.end = window.keyboard.render(); }}")

    def marked(name):
        browser.focus(f"#{name}")
        return browser.get_attribute(f"#{name}", ATTRIBUTE)

    assert [marked(name) for name in ("ours", "text", "other")] == ["true", None, None]
    browser.evaluate(f"() => {{ window.end(); ours.removeAttribute('{ATTRIBUTE}'); }}")
    browser.focus("#text")
    assert marked("ours") is None
