"""A comparison as one page that needs nothing else: tables, sentences and live figures.

It opens from a disk without a network: plotly.js stands in it once, and its own rules forbid a
browser to fetch anything. Every name is escaped; a figure's data is JSON that no name can end.
"""

import html
import json
from collections.abc import Iterable, Mapping

import pandas as pd
from plotly.graph_objects import Figure
from plotly.offline import get_plotlyjs

from workbench.notebook.comparing.words import HEADING
from workbench.notebook.figures import static

_POLICY = (
    "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)
_STYLE = """
:root { color-scheme: light dark; --line: #8886; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1200px; padding: 16px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 4px 10px; text-align: left;
  vertical-align: top; }
th { position: sticky; top: 0; background: Canvas; }
figure { margin: 24px 0; }
@media (prefers-color-scheme: dark) {
  body, th { background: #111; color: #ddd; }
}
"""
_DRAW = """
for (const box of document.querySelectorAll("figure[data-figure]")) {
  const { data, layout } = JSON.parse(document.getElementById(box.dataset.figure).textContent);
  const options = { responsive: true, displaylogo: false };
  Plotly.newPlot(box, data, { ...layout, autosize: true }, options);
}
"""


def page(
    title: str,
    said: str,
    tables: Mapping[str, pd.DataFrame],
    figures: Mapping[str, Figure],
    best: Iterable[int] = (),
) -> str:
    """Write a report as one HTML page, light or dark as the reader's other pages.

    Parameters
    ----------
    title
        Of the report.
    said
        What the tables say, as HTML.
    tables
        As people read them, by their headings.
    figures
        Transparent figures by name.
    best
        The rows of the first table that are set in bold.
    """
    marked = set(best)
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        *(
            f"<h2>{html.escape(name)}</h2>{table_html(table, set() if place else marked)}"
            for place, (name, table) in enumerate(tables.items())
        ),
        f"<h2>{HEADING}</h2>{said}",
        *(_figure(name, figure) for name, figure in figures.items()),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"{''.join(parts)}<script>{get_plotlyjs()}</script><script>{_DRAW}</script></body></html>\n"
    )


def table_html(table: pd.DataFrame, bold: Iterable[int] = ()) -> str:
    """Write a table as HTML, every cell escaped, some rows in bold."""
    marked = set(bold)
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in table)
    rows = [
        "<tr>" + "".join(f"<td>{_cell(value, row in marked)}</td>" for value in cells) + "</tr>"
        for row, cells in enumerate(table.to_numpy().tolist())
    ]
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(value: object, bold: bool) -> str:
    text = html.escape(str(value))
    return f"<b>{text}</b>" if bold and text else text


def _figure(name: str, figure: Figure) -> str:
    """Write a figure's place and, apart from all code, its data."""
    # "</script>" in a name would end the element: no "<" is left in the JSON.
    data = json.dumps(static.plain(figure), allow_nan=False).replace("<", "\\u003c")
    words, place = html.escape(static.alt_text(figure)), f"figure-{html.escape(name)}"
    return (
        f'<figure data-figure="{place}" role="img" aria-label="{words}"></figure>'
        f'<script type="application/json" id="{place}">{data}</script>'
    )
