"""The text of plotly's figures without its markup, apart from the drawing with matplotlib."""

import html
import re


def lines(text: str | None) -> str:
    """Turn plotly's text into lines: ``<br>`` breaks, other tags are dropped."""
    broken = re.sub(r"<br\s*/?>", "\n", text or "")
    return html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", broken))


def one_line(text: str | None) -> str:
    """Turn plotly's text into one line."""
    return re.sub(r"\s*\n\s*", " ", lines(text)).strip()
