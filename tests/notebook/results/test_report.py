from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from workbench.notebook.results.report import TERMINAL_WIDTH, Report


@pytest.fixture
def report(tmp_path):
    """Return a report whose table and conclusion are given."""
    found = Report(SimpleNamespace(root=tmp_path), SimpleNamespace(name="a-study"))
    scores = {"technique": ["baseline"], "Pearson [95%]": ["71.3 [65.0, 77.6]"]}
    found.__dict__["table"] = pd.DataFrame(scores)
    found.__dict__["sources"] = None
    found.__dict__["conclusion"] = (
        f"It is {'very ' * 15}undecided at +1.0 [-1.0, +3.0] over 5 pairs."
    )
    found.__dict__["_task"] = SimpleNamespace(task=SimpleNamespace(title="BIOSSES"))
    return found


def test_a_page_and_a_terminal_are_told_the_same(report):
    page, terminal = report.bundle["text/markdown"], report.bundle["text/plain"]
    for text in (page, terminal):
        assert "BIOSSES: study a-study" in text
        assert str(report.path) in text
    assert "| baseline | 71.3 [65.0,\N{NO-BREAK SPACE}77.6] |" in page
    assert "\nbaseline   71.3 [65.0, 77.6]\n" in terminal


def test_a_terminal_gets_short_lines_and_whole_intervals(report):
    terminal = report.bundle["text/plain"].replace(str(report.path), "")
    assert max(map(len, terminal.splitlines())) <= TERMINAL_WIDTH
    assert "\n[-1.0, +3.0]" in terminal


def test_the_path_lies_in_the_folder_of_the_study(report):
    assert report.path == Path(report.store.root) / "reports" / "a-study" / "report.md"


def test_where_seeds_are_crossed_their_sources_are_told(report):
    table = pd.DataFrame({"source of spread": ["data order"], "share": ["74% [4%, 99%]"]})
    sources = SimpleNamespace(readable=lambda metric: table, told="The seed of the order matters.")
    report.__dict__["sources"] = sources
    report.__dict__["_task"].task.metric = "pearson"
    page, terminal = report.bundle["text/markdown"], report.bundle["text/plain"]
    assert "| data order | 74% [4%,\N{NO-BREAK SPACE}99%] |" in page
    assert "\ndata order  74% [4%, 99%]\n" in terminal
    for text in (page, terminal):
        assert "The seed of the order matters." in text
