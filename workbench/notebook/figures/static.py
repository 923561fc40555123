"""Images and files of figures, for wherever no front end draws them.

A browser draws what JupyterLab shows; where there is none, or it fails, matplotlib draws the same
traces. Images have a white page and dark text.
"""

import base64
import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from workbench.notebook.figures import palette, rendering
from workbench.notebook.figures.markup import one_line
from workbench.notebook.figures.thinning import thinned
from workbench.store.atomic import write_bytes, write_text

WIDTH = 800
"""Pixels, before the scale: what a notebook page shows without cutting it off."""
HEIGHT = 450
"""Pixels of a figure that sets no height."""
SCALE = 2
COLOURS = 128
"""Of a picture in a notebook: figures have few colours and the steps between them."""
START_TIMEOUT, FIGURE_TIMEOUT = 40.0, 10.0
"""Seconds a browser gets to start, and for each figure."""


@dataclass
class _Browser:
    """Why the browser is no longer tried in this process; empty while it may be."""

    failure: str = ""


_browser = _Browser()


def drawer() -> str:
    """Return what draws the images: ``"kaleido"`` or ``"matplotlib"``."""
    return "kaleido" if not _browser.failure and rendering.browser() else "matplotlib"


def failure() -> str:
    """Return why kaleido failed in this process, empty where it did not."""
    return _browser.failure


def png(
    figure: go.Figure, width: int = WIDTH, height: int | None = None, scale: float = SCALE
) -> bytes:
    """Draw a figure as a PNG image of ``width * scale`` by ``height * scale`` pixels."""
    return pngs([figure], width, height, scale)[0]


def images(figures: Sequence[go.Figure], kind: str, width: int = WIDTH) -> list[bytes]:
    """Draw several figures as ``"png"``, ``"svg"`` or ``"pdf"``; see `pngs`."""
    return _drawn(figures, width, None, SCALE if kind == "png" else 1, kind)


def pngs(
    figures: Sequence[go.Figure],
    width: int = WIDTH,
    height: int | None = None,
    scale: float = SCALE,
) -> list[bytes]:
    """Draw several figures with one start of the browser.

    Parameters
    ----------
    figures
        Plotly figures.
    width, height
        Size in pixels; the height defaults to each figure's own.
    scale
        Image pixels per pixel.

    Returns
    -------
    list of bytes
        PNG images. Where kaleido fails, matplotlib draws them all and `failure` says why.
    """
    return _drawn(figures, width, height, scale, "png")


def _drawn(
    figures: Sequence[go.Figure], width: int, height: int | None, scale: float, kind: str
) -> list[bytes]:
    pages = [on_white(figure) for figure in figures]
    sizes = [(width, int(height or page.layout.height or HEIGHT)) for page in pages]
    if pages and drawer() == "kaleido":
        try:
            return _browser_images(pages, sizes, scale, kind)
        except (rendering.RenderingError, OSError) as error:
            _browser.failure = str(error)
    # Imported here, because matplotlib takes a third of a second to load and is seldom needed.
    from workbench.notebook.figures import drawing

    return [drawing.draw(page, *size, scale, kind) for page, size in zip(pages, sizes, strict=True)]


def _browser_images(
    pages: Sequence[go.Figure], sizes: Sequence[tuple[int, int]], scale: float, kind: str
) -> list[bytes]:
    requests = [
        {"figure": plain(page), "width": width, "height": height, "scale": scale, "format": kind}
        for page, (width, height) in zip(pages, sizes, strict=True)
    ]
    return rendering.render(requests, START_TIMEOUT + FIGURE_TIMEOUT * len(requests))


def on_white(figure: go.Figure) -> go.Figure:
    """Return a copy with a white page and dark text."""
    page = go.Figure(figure)
    page.update_layout(
        paper_bgcolor="white", plot_bgcolor="white", font_color=palette.TEXT_ON_WHITE
    )
    return page


def plain(figure: go.Figure) -> dict[str, Any]:
    """Return a figure as plain JSON types that every version of plotly.js reads.

    Plotly packs arrays as base64, which viewers with an older plotly.js draw as an empty chart;
    here they are lists, with None where a number is undefined.
    """
    return _plain(figure.to_dict())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() >= {"dtype", "bdata"}:
            return _plain(np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"]))
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value


def save(figure: go.Figure, stem: str | Path, image: bytes | None = None) -> None:
    """Write ``<stem>.json`` (plotly's format) and ``<stem>.png``, each atomically.

    Parameters
    ----------
    figure
        A plotly figure.
    stem
        The path of both files, without the ending.
    image
        Its PNG, drawn now where it is not given.
    """
    image = png(figure) if image is None else image
    write_text(Path(f"{stem}.json"), json.dumps(plain(figure), allow_nan=False))
    write_bytes(Path(f"{stem}.png"), image)


def page(figure: go.Figure, *more: go.Figure) -> str:
    """Write figures as a page that needs nothing else, light or dark as the browser's other pages.

    Parameters
    ----------
    figure, more
        Transparent plotly figures, from top to bottom.
    """
    config = {"displaylogo": False}
    text = figure.to_html(include_plotlyjs=True, config=config)
    below = [each.to_html(include_plotlyjs=False, full_html=False, config=config) for each in more]
    text = text.replace("<head>", "<head><style>:root { color-scheme: light dark }</style>", 1)
    return text.replace("</body>", "".join([*below, "</body>"]), 1) if below else text


def halved(image: bytes) -> bytes:
    """Halve the width and height of a PNG image, each pixel the mean of four."""
    whole = Image.open(io.BytesIO(image))
    width, height = (size // 2 for size in whole.size)
    buffer = io.BytesIO()
    whole.reduce(2, box=(0, 0, 2 * width, 2 * height)).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def small(image: bytes) -> bytes:
    """Return a PNG image for a notebook: of half the width and height, in 128 colours."""
    page = Image.open(io.BytesIO(halved(image))).convert("RGB")
    buffer = io.BytesIO()
    few = page.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def display_bundle(
    figure: go.Figure, image: bytes | None = None, live: bool = False
) -> dict[str, Any]:
    """Return a figure in every form a notebook viewer may read.

    Parameters
    ----------
    figure
        A plotly figure.
    image
        Its PNG, drawn now at scale 1 where it is not given.
    live
        Whether a front end that draws plotly figures shows it now. JupyterLab's plotly extension
        shows an ``image/png`` in its place until the mouse enters it, so the picture is then
        wrapped in HTML, which is shown where that extension is missing.

    Returns
    -------
    dict
        By MIME type: plotly's JSON (of long lines as many points as can be told apart), the picture
        (``image/png`` in base64, or ``text/html``) and plain text, for
        ``IPython.display.display(bundle, raw=True)``.
    """
    image = png(figure, scale=1) if image is None else image
    coded, words = base64.b64encode(image).decode("ascii"), alt_text(figure)
    return {
        "application/vnd.plotly.v1+json": plain(thinned(figure))
        | {"config": {"displaylogo": False}},
        **({"text/html": _html(coded, words)} if live else {"image/png": coded}),
        "text/plain": words,
    }


def _html(coded: str, words: str) -> str:
    return f'<img alt="{html.escape(words)}" src="data:image/png;base64,{coded}" />'


def alt_text(figure: go.Figure) -> str:
    """Describe a figure in words: title, explanation, axes and what is drawn."""
    title = figure.layout.title
    axes = [axis.title.text for axis in (*figure.select_xaxes(), *figure.select_yaxes())]
    names = ", ".join(dict.fromkeys(trace.name for trace in figure.data if trace.name))
    notes = ", ".join(note.text for note in figure.layout.annotations)
    parts = [
        title.text,
        title.subtitle.text,
        "axes: " + ", ".join(dict.fromkeys(axis for axis in axes if axis)) if any(axes) else "",
        f"panels and notes: {notes}" if notes else "",
        f"drawn: {names}" if names else "",
    ]
    return one_line(". ".join(part for part in parts if part))
