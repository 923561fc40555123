"""The files of a comparison, from a small store of synthetic runs."""

import csv as csv_reader
import html
import io
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from workbench.benchmark.store import fill
from workbench.comparison.overview import HELPS
from workbench.comparison.sentence import Answer, Sentence
from workbench.comparison.settings import CompareSettings
from workbench.comparison.verdicts import BETTER_HERE
from workbench.notebook.comparing.comparison import Comparison
from workbench.notebook.comparing.exporting import Exporter, best_rows, csv, emphasised
from workbench.notebook.comparing.page import page, table_html
from workbench.notebook.comparing.readable import marked, readable
from workbench.notebook.comparing.words import (
    MOST_TOLD,
    Point,
    as_html,
    markdown,
    points,
    terminal,
)
from workbench.notebook.figures import static
from workbench.notebook.figures.frame import note
from workbench.notebook.results.latex import latex
from workbench.store.folder import RunStore

NASTY = "</script><script>alert(1)</script>&\"'|_%"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs")
    fill(RunStore(folder), 60)
    return folder


@pytest.fixture
def comparison(outputs):
    return Comparison(CompareSettings(outputs=str(outputs)))


@pytest.fixture
def exporter(comparison, monkeypatch):
    monkeypatch.setattr(static, "drawer", lambda: "matplotlib")
    return Exporter(comparison)


def test_everything_is_counted_and_nothing_is_read_twice(comparison):
    assert len(comparison.runs) == 60 and comparison.table["n"].sum() == 60
    assert comparison.table is comparison.table
    assert comparison.readable["runs"].astype(int).sum() == 60


def test_filters_narrow_without_reading_again(comparison):
    settings = CompareSettings(outputs=comparison.settings.outputs, techniques="freeze")
    narrowed = comparison.narrowed(settings)
    assert 0 < len(narrowed.runs) < 60
    assert set(narrowed.runs["technique"]) == {"baseline", "freeze:6"}


def test_every_figure_can_be_drawn(comparison):
    for draw in comparison.figures.values():
        assert static.alt_text(draw())


def sentence(group, text, answer=Answer.UNDECIDED):
    return Sentence(BETTER_HERE if group else HELPS, answer, text, group)


def test_what_is_said_of_a_contrast_stands_below_its_first_sentence():
    said = points(["N."], [sentence("", "All."), sentence("a", "A1."), sentence("a", "<2>.")])
    assert said == [Point("N."), Point("All."), Point("A1.", ("<2>.",))]
    assert markdown(said) == "- N.\n- All.\n- A1.\n  - <2>."
    assert terminal(said) == markdown(said)
    assert as_html(said).endswith("<li>A1.<ul><li>&lt;2&gt;.</li></ul></li></ul>")


@pytest.mark.parametrize(
    ("more", "said"), [(0, "Of 19."), (1, "1 more contrast stands"), (2, "2 more contrasts stand")]
)
def test_only_so_many_contrasts_are_told_of(more, said):
    found = points([], [sentence(str(i), f"Of {i}.") for i in range(MOST_TOLD + more)])
    assert found[-1].text.startswith(said) and len(found) == MOST_TOLD + bool(more)


def test_the_ledger_stands_beside_the_table_where_it_has_something(comparison):
    before = list(comparison.tables)
    assert before[::2] == ["Groups of runs", "More of each contrast"]
    known = comparison.ledger.assign(published=0.9, difference=0.0)
    comparison.ledger = known
    assert list(comparison.tables) == [*before, "Beside published numbers"]


def test_what_to_use_stands_beside_test_scores_that_are_compared_with_the_baseline(
    comparison, outputs
):
    advice = comparison.tables["What to use, by these runs and the papers' rules"]
    assert list(advice) == ["task", "model", "use", "how sure", "why"]
    situations = comparison.runs[["task", "model"]].drop_duplicates()
    assert len(advice) == len(situations)
    for other in ({"split": "dev"}, {"baseline": "freeze:6"}):
        assert Comparison(CompareSettings(outputs=str(outputs), **other)).advice.empty


def test_many_groups_are_not_advised_on(comparison, monkeypatch):
    monkeypatch.setattr("workbench.notebook.comparing.comparison.MOST_FOR_ITEMS", 3)
    assert comparison.advice.empty


def test_tables_are_written_in_full(exporter):
    runs, table, pairs, ledger = exporter.save_csv()
    assert "command" in pd.read_csv(ledger)
    assert len(pd.read_csv(runs)) == 60
    assert set(pd.read_csv(pairs)["group"]) <= set(pd.read_csv(table)["group"])
    (markdown,), (tex,) = exporter.save_markdown(), exporter.save_latex()
    assert "| task |" in markdown.read_text() and r"\toprule" in tex.read_text()


def test_pictures_are_written_in_four_formats_without_a_browser(exporter):
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "html": b"<!doctype html>"}
    written = exporter.save_pictures(["points"])
    assert {path.suffix[1:] for path in written} == set(starts)
    for path in written:
        assert path.read_bytes().startswith(starts[path.suffix[1:]])


def test_nothing_unfinished_is_left_beside_the_files(exporter):
    exporter.save_page()
    assert not list(exporter.folder.glob("*.partial"))


def test_a_page_fetches_nothing_and_holds_the_library_once(exporter):
    text = exporter.save_page().read_text()
    headings = re.findall("<h2>(.*?)</h2>", text)
    assert headings[0] == "Groups of runs" and headings[-1] == "What it says"
    assert text.count("plotly.js v") == 1
    ours = re.sub(r"<script>/\*\*.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"(src|href)=|@import|url\(", ours)
    assert "default-src 'none'" in text and "prefers-color-scheme: dark" in text
    assert all(f'id="figure-{name}"' in text for name in exporter.figures)


class Scripts(HTMLParser):
    """Counts the elements of a page and collects its text."""

    def __init__(self):
        super().__init__()
        self.scripts, self.text = 0, []

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script"

    def handle_data(self, data):
        self.text.append(data)


def test_no_name_can_end_an_element_of_a_page():
    names = pd.DataFrame({NASTY: [NASTY]})
    parser = Scripts()
    parser.feed(
        page(NASTY, as_html([Point(NASTY)]), {NASTY: names}, {"points": note(NASTY, NASTY)}, [0])
    )
    # The figure's data, the library, and what draws.
    assert parser.scripts == 3
    assert parser.text.count(NASTY) >= 4


def test_cells_are_escaped_and_the_best_row_is_bold():
    text = table_html(pd.DataFrame({"a": [NASTY, "b"]}), [1])
    assert html.escape(NASTY) in text and "<b>b</b>" in text and text.count("<b>") == 1


@pytest.mark.parametrize("value", ["=1+1", "+1", "-x", "@x", "\tx"])
def test_no_text_is_a_formula(value):
    rows = list(csv_reader.reader(io.StringIO(csv(pd.DataFrame({"model": [value], "n": [-3.5]})))))
    assert rows[1] == [f"'{value}", "-3.5"]


def test_bold_cells_of_latex_are_escaped():
    table = pd.DataFrame({"a": ["x_y", "z"], "b": ["1", "2"]})
    text = latex(table, {(0, "a")})
    assert r"\textbf{x\_y} & 1 \\" in text and r"z & 2 \\" in text and text.count("textbf") == 1


def test_best_is_marked_only_where_it_is_decided(comparison):
    table = comparison.table
    found = readable(table)
    assert marked(found, table, set()).equals(found)
    group = table["group"].iloc[1]
    assert marked(found, table, {group})["technique"].iloc[1].endswith(" (best)")
    comparison.best = {group}
    assert best_rows(comparison) == [1]
    assert emphasised(comparison)["task"].iloc[1].startswith("**")
    assert not emphasised(comparison)["task"].iloc[0].startswith("**")


def test_columns_that_say_nothing_are_left_out(comparison):
    table = comparison.table
    assert not {"source", "undefined"} & set(readable(table))
    told = readable(table.assign(source="scores.csv", undefined=1))
    assert {"source", "undefined"} <= set(told)
