"""The files of a comparison: tables, pictures, and one page that holds everything."""

import re
from functools import cached_property
from pathlib import Path

import pandas as pd
from plotly.graph_objects import Figure

from workbench.analysis import summary
from workbench.notebook.comparing import words
from workbench.notebook.comparing.comparison import Comparison
from workbench.notebook.comparing.page import page
from workbench.notebook.figures import static
from workbench.notebook.results.latex import latex
from workbench.store.atomic import make_folder, write_bytes, write_text

TITLE = "Comparison of finished runs"
PICTURES = ("png", "svg", "pdf")


class Exporter:
    """Writes what a comparison shows into the folder of its report.

    Parameters
    ----------
    comparison
        To be written.
    """

    def __init__(self, comparison: Comparison):
        self.comparison = comparison
        self.folder: Path = comparison.store.root / "reports" / comparison.settings.report

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """All figures, drawn."""
        return {name: draw() for name, draw in self.comparison.figures.items()}

    @cached_property
    def pictures(self) -> dict[str, bytes]:
        """The figures as PNG, drawn at once."""
        return dict(zip(self.figures, static.pngs(list(self.figures.values())), strict=True))

    def save(self) -> Path:
        """Write everything but pictures for print, and return the path of the page."""
        self.save_csv()
        self.save_markdown()
        self.save_latex()
        for name, figure in self.figures.items():
            static.save(figure, self.folder / name, self.pictures[name])
        return self.save_page()

    def save_csv(self) -> list[Path]:
        """Write runs, table and pairs as CSV, numbers in full on the raw scale."""
        found = self.comparison
        tables = {"runs": found.runs, "table": found.table, "pairs": found.pairs}
        if len(found.ledger):
            tables["ledger"] = found.ledger
        return [self._text(f"{name}.csv", csv(table)) for name, table in tables.items()]

    def save_markdown(self) -> list[Path]:
        """Write table and sentences as Markdown."""
        found = self.comparison
        tables = found.tables | {"Groups of runs": emphasised(found)}
        parts = [f"## {name}\n\n{summary.markdown(table)}" for name, table in tables.items()]
        said = f"## {words.HEADING}\n\n{words.markdown(found.said)}\n"
        text = "\n".join([f"# {TITLE}\n", *parts, said])
        return [self._text("report.md", text)]

    def save_latex(self) -> list[Path]:
        """Write the table as LaTeX for booktabs, the decided best in bold."""
        found = self.comparison
        bold = {(row, name) for row in best_rows(found) for name in found.readable}
        return [self._text("table.tex", latex(found.readable, bold))]

    def save_pictures(self, names: list[str] | None = None) -> list[Path]:
        """Write figures as PNG, SVG, PDF and HTML; without names all."""
        chosen = {name: self.comparison.figures[name]() for name in names or self.figures}
        written = [
            self._bytes(f"{name}.{kind}", image)
            for kind in PICTURES
            for name, image in zip(chosen, static.images(list(chosen.values()), kind), strict=True)
        ]
        pages = [self._text(f"{name}.html", static.page(figure)) for name, figure in chosen.items()]
        return [*written, *pages]

    def save_page(self) -> Path:
        """Write the one page that holds everything."""
        found = self.comparison
        said = words.as_html(found.said)
        text = page(TITLE, said, found.tables, self.figures, best_rows(found))
        return self._text("report.html", text)

    def _text(self, name: str, text: str) -> Path:
        make_folder(self.folder)
        write_text(self.folder / name, text)
        return self.folder / name

    def _bytes(self, name: str, content: bytes) -> Path:
        make_folder(self.folder)
        write_bytes(self.folder / name, content)
        return self.folder / name


def best_rows(comparison: Comparison) -> list[int]:
    """Return the rows of the groups that are decided to be the best of theirs."""
    return [row for row, group in enumerate(comparison.table["group"]) if group in comparison.best]


def emphasised(comparison: Comparison) -> pd.DataFrame:
    """Return the readable table with the cells of the decided best in Markdown's bold."""
    found = comparison.readable.copy()
    for row in best_rows(comparison):
        found.iloc[row] = [f"**{cell}**" if cell else "" for cell in found.iloc[row]]
    return found


def csv(table: pd.DataFrame) -> str:
    """Write a table as CSV in which no text is a spreadsheet's formula.

    Examples
    --------
    >>> print(csv(pd.DataFrame({"model": ["=1+1"], "n": [-3]})), end="")
    model,n
    '=1+1,-3
    """
    texts = table.select_dtypes(exclude="number").columns
    return summary.csv(table.assign(**{name: table[name].map(_harmless) for name in texts}))


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and re.match(r"[=+\-@\t\r]", value) else value
