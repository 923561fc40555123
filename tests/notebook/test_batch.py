import importlib
import io
import os
import sys

import nbformat.v4 as v4
import pytest

from workbench.notebook import batch


class Screen(io.StringIO):
    """A terminal that keeps what it is told."""

    def isatty(self):
        return True


@pytest.fixture
def columns(monkeypatch):
    """Pretend that a terminal has 20 columns."""
    monkeypatch.setattr(batch.shutil, "get_terminal_size", lambda: os.terminal_size((20, 24)))


def written(stream, *texts):
    terminal = batch.Terminal(stream)
    for text in texts:
        terminal.write(text)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Study a-long-name: 20 runs\n", "Study a-long-name: 20 runs\n"),
        ("\rstep 1", "\rstep 1"),
        ("\rstep 300 of 800 (38%), 0:40 gone", "\rstep 300 of 800 (38"),
        ("\r20 runs trained, 0 were there\n", "\r20 runs trained, 0 \n"),
    ],
)
def test_progress_fits_the_terminal(columns, text, shown):
    assert written(Screen(), text) == shown


def test_progress_in_a_file_is_lines(columns):
    texts = ["Study a:\n", "\rstep 1 of 3, starting   ", "\rstep 3 of 3             ", "\rdone  \n"]
    assert written(io.StringIO(), *texts) == "Study a:\nstep 1 of 3, starting\nstep 3 of 3\ndone\n"


def test_only_displayed_texts_are_printed_again():
    data = [
        {"text/markdown": "# a", "text/plain": "a\n1  2"},
        {"image/png": "", "text/plain": "a figure"},
    ]
    outputs = [v4.new_output("display_data", item) for item in data]
    outputs.append(v4.new_output("stream", name="stdout", text="printed"))
    cells = [v4.new_markdown_cell("words"), v4.new_code_cell("show()", outputs=outputs)]
    assert batch._shown(v4.new_notebook(cells=cells)) == ["a\n1  2"]


def test_an_optional_module_is_missing_for_a_while(tmp_path, monkeypatch):
    (tmp_path / "slow_extra.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with batch._without("slow_extra"), pytest.raises(ImportError):
        importlib.import_module("slow_extra")
    loaded = importlib.import_module("slow_extra")
    with batch._without("slow_extra"):
        assert importlib.import_module("slow_extra") is loaded
    assert sys.modules.pop("slow_extra") is loaded
