"""Tables as LaTeX, everything in them escaped."""

import re
from collections.abc import Collection

import pandas as pd

from workbench.analysis import summary

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    summary.NO_BREAK_SPACE: "~",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def latex(table: pd.DataFrame, bold: Collection[tuple[int, str]] = ()) -> str:
    r"""Write a table as LaTeX for the package booktabs, its index left out, everything escaped.

    Parameters
    ----------
    table
        Anything that prints.
    bold
        Row, counted from 0, and column of the cells that are set in bold.

    Examples
    --------
    >>> print(latex(pd.DataFrame({"a_b": ["-1.0 [-2.0, 3.0]"]})), end="")
    % In the preamble: \usepackage{booktabs}
    \begin{tabular}{l}
    \toprule
    a\_b \\
    \midrule
    $-$1.0 [$-$2.0, 3.0] \\
    \bottomrule
    \end{tabular}
    """
    names = list(table.columns)
    rows = [
        _row([_cell(text, (row, name) in bold) for name, text in zip(names, cells, strict=True)])
        for row, cells in enumerate(table.astype(str).to_numpy().tolist())
    ]
    return "\n".join(
        [
            r"% In the preamble: \usepackage{booktabs}",
            rf"\begin{{tabular}}{{{'l' * len(names)}}}",
            r"\toprule",
            _row([_cell(name) for name in names]),
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _row(cells: Collection[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(text: str, bold: bool = False) -> str:
    # A bracket that opens a line would be read as an option of the line break before it.
    escaped = re.sub(r"^\[", "{[}", _escaped(str(text)))
    return rf"\textbf{{{escaped}}}" if bold else escaped


def _escaped(text: str) -> str:
    safe = "".join(_LATEX.get(sign, sign) for sign in " ".join(text.splitlines()))
    return re.sub(r"(?<![^\s\[])-(?=\d)", "$-$", safe)
