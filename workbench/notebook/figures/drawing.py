"""Draw a plotly figure with matplotlib, from its traces, axes, shapes and annotations.

It knows what our figures use: scatter traces (lines, markers, filled polygons and bands, error
bars), panels with shared axes, linear and logarithmic axes, line and rectangle shapes, annotations
and titles. Nothing of matplotlib's global state is touched.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MultipleLocator
from matplotlib.transforms import Affine2D, ScaledTranslation, Transform, blended_transform_factory

from workbench.notebook.figures.markup import lines

INCH = 100
"""Pixels an inch of the matplotlib page stands for."""

DASHES = {"dash": "--", "dot": ":", "dashdot": "-.", "longdash": (0, (8, 3))}
MARKERS = {"circle": "o", "square": "s", "diamond": "D", "cross": "P", "triangle-up": "^", "x": "X"}
THIN_MARKERS = {"x-thin": "x", "cross-thin": "+"}
ALIGN_X = {"left": "left", "center": "center", "right": "right"}
ALIGN_Y = {"top": "top", "middle": "center", "bottom": "bottom"}


def draw(figure: go.Figure, width: int, height: int, scale: float = 1, kind: str = "png") -> bytes:
    """Draw a plotly figure as an image.

    Parameters
    ----------
    figure
        A plotly figure.
    width, height
        Pixels of the page.
    scale
        Image pixels per pixel of the page.
    kind
        ``"png"``, ``"svg"`` or ``"pdf"``.

    Returns
    -------
    bytes
        The image; a PNG image has ``width * scale`` by ``height * scale`` pixels.
    """
    return Page(figure, width, height).image(scale, kind)


def colour(text: Any) -> tuple[float, float, float, float]:
    """Read a CSS colour: a name, ``#rrggbb``, ``rgb(...)`` or ``rgba(...)``; 0 to 1 each."""
    if match := re.fullmatch(r"rgba?\(([^)]*)\)", str(text)):
        red, green, blue, *alpha = (float(part) for part in match[1].split(","))
        return (red / 255, green / 255, blue / 255, alpha[0] if alpha else 1.0)
    return to_rgba("#444444" if text is None else text)


class Page:
    """One matplotlib page for one plotly figure."""

    def __init__(self, figure: go.Figure, width: int, height: int) -> None:
        self.layout, self.width, self.height = figure.layout, width, height
        self.page = Figure(figsize=(width / INCH, height / INCH), dpi=INCH)
        FigureCanvasAgg(self.page)
        self.page.set_facecolor(self._background())
        self.panels: dict[tuple[str, str], Axes] = {}
        self._roots: dict[tuple[str, str], Axes] = {}
        for x, y in _axis_pairs(figure):
            self.panels[x, y] = self._panel(x, y)
        for trace in figure.data:
            _trace(self.panels[trace.xaxis or "x", trace.yaxis or "y"], trace)
        self._limits()
        for shape in self.layout.shapes:
            self._shape(shape)
        for note in self.layout.annotations:
            self._annotation(note)
        self._title()

    def image(self, scale: float, kind: str) -> bytes:
        """Return the page as an image of one kind."""
        buffer = io.BytesIO()
        self.page.savefig(buffer, format=kind, dpi=INCH * scale)
        return buffer.getvalue()

    def setting(self, path: str) -> Any:
        """Read a setting of the layout, from the template where the figure sets none."""
        value = _get(self.layout, path)
        return _get(self.layout.template.layout, path) if value is None else value

    def points(self, pixels: float) -> float:
        """Return a length in pixels as points, matplotlib's unit of fonts and lines."""
        return pixels * 72 / INCH

    def _background(self) -> tuple[float, float, float, float]:
        chosen = colour(self.setting("paper_bgcolor") or "white")
        return chosen if chosen[3] else colour("white")

    @property
    def _text_colour(self) -> tuple[float, float, float, float]:
        return colour(self.setting("font.color") or "#333333")

    def _font(self, *paths: str) -> float:
        """Return the size in points of the first font size that is set."""
        sizes = [self.setting(f"{path}.size") for path in (*paths, "font")]
        return self.points(next((size for size in sizes if size), 12))

    @property
    def _margins(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top margin in pixels, with plotly's defaults."""
        sides = (("l", 80), ("r", 80), ("b", 80), ("t", 100))
        found = [(self.setting(f"margin.{side}"), default) for side, default in sides]
        left, right, bottom, top = (default if m is None else m for m, default in found)
        return left, right, bottom, top

    def _paper(self) -> Transform:
        """Return the transform of plotly's ``paper`` coordinates."""
        left, right, bottom, top = self._margins
        scaled = Affine2D().scale(
            (self.width - left - right) / self.width, (self.height - bottom - top) / self.height
        )
        return scaled.translate(left / self.width, bottom / self.height) + self.page.transFigure

    def _panel(self, x: str, y: str) -> Axes:
        domains = [_axis(self.layout, ref).domain or (0, 1) for ref in (x, y)]
        (left, right), (bottom, top) = domains
        corners = self._paper().transform([(left, bottom), (right, top)])
        (x0, y0), (x1, y1) = self.page.transFigure.inverted().transform(corners)
        roots = [("x", self._root(x)), ("y", self._root(y))]
        share: dict[str, Any] = {
            f"share{letter}": self._roots.get((letter, root)) for letter, root in roots
        }
        panel = self.page.add_axes((x0, y0, x1 - x0, y1 - y0), **share)
        for key in roots:
            self._roots.setdefault(key, panel)
        panel.set_facecolor("none")
        self._frame(panel)
        self._style_axis(panel, "x", x)
        self._style_axis(panel, "y", y)
        return panel

    def _root(self, reference: str) -> str:
        return _axis(self.layout, reference).matches or reference

    def _frame(self, panel: Axes) -> None:
        line = colour(self.setting("xaxis.linecolor") or "#cccccc")
        for name, spine in panel.spines.items():
            spine.set_visible(name in ("left", "bottom"))
            spine.set_color(line)
        panel.set_axisbelow(True)

    def _style_axis(self, panel: Axes, letter: str, reference: str) -> None:
        axis, drawn = _axis(self.layout, reference), getattr(panel, f"{letter}axis")
        if axis.type == "log":
            getattr(panel, f"set_{letter}scale")("log")
        if axis.visible is False:
            panel.set_axis_off()
        if axis.showgrid is not False:
            drawn.grid(True, color=colour(self.setting(f"{letter}axis.gridcolor") or "#dddddd"))
        if axis.dtick is not None and axis.type != "log":
            drawn.set_major_locator(MultipleLocator(axis.dtick))
        if axis.tickvals is not None:
            drawn.set_ticks(list(axis.tickvals), [lines(text) for text in axis.ticktext or ()])
        hidden = axis.showticklabels is False
        size = self._font(f"{letter}axis.tickfont")
        drawn.set_tick_params(length=0, labelsize=size, labelcolor=self._text_colour)
        side = "bottom" if letter == "x" else "left"
        drawn.set_tick_params(which="both", length=0, **{f"label{side}": not hidden})
        if axis.title.text:
            drawn.set_label_text(lines(axis.title.text), color=self._text_colour)
            drawn.label.set_fontsize(self._font(f"{letter}axis.title.font"))

    def _limits(self) -> None:
        """Apply the ranges that are set; plotly writes those of logarithmic axes as exponents."""
        for (x, y), panel in self.panels.items():
            for letter, reference in (("x", x), ("y", y)):
                axis = _axis(self.layout, reference)
                if axis.range is not None:
                    low, high = (10**v if axis.type == "log" else v for v in axis.range)
                    getattr(panel, f"set_{letter}lim")(low, high)

    def _place(self, xref: str | None, yref: str | None) -> Transform:
        """Return the transform of a pair of references: paper, an axis' domain or its data."""
        return blended_transform_factory(self._one_place(xref, "x"), self._one_place(yref, "y"))

    def _one_place(self, reference: str | None, letter: str) -> Transform:
        if (reference or "paper") == "paper":
            return self._paper()
        axis, _, domain = str(reference).partition(" ")
        index = "xy".index(letter)
        panel = next(panel for pair, panel in self.panels.items() if pair[index] == axis)
        return panel.transAxes if domain else panel.transData

    def _annotation(self, note: Any) -> None:
        shift = ScaledTranslation(
            (note.xshift or 0) / INCH, (note.yshift or 0) / INCH, self.page.dpi_scale_trans
        )
        self.page.text(
            0.5 if note.x is None else note.x,
            0.5 if note.y is None else note.y,
            lines(note.text),
            transform=self._place(note.xref, note.yref) + shift,
            ha=ALIGN_X.get(note.xanchor, "center"),
            va=ALIGN_Y.get(note.yanchor, "center"),
            multialignment=note.align or "center",
            rotation=-(note.textangle or 0),
            fontsize=self.points(note.font.size) if note.font.size else self._font(),
            color=colour(note.font.color) if note.font.color else self._text_colour,
        )

    def _shape(self, shape: Any) -> None:
        place = self._place(shape.xref, shape.yref)
        line: dict[str, Any] = {
            "color": colour(shape.line.color),
            "linewidth": self.points(2 if shape.line.width is None else shape.line.width),
            "linestyle": DASHES.get(shape.line.dash, "-"),
        }
        # A shape belongs to the page, so that it does not move the limits of a panel.
        if shape.type == "line":
            ends = ([shape.x0, shape.x1], [shape.y0, shape.y1])
            self.page.add_artist(Line2D(*ends, transform=place, **line))
        elif shape.type == "rect":
            size = (shape.x1 - shape.x0, shape.y1 - shape.y0)
            fill = colour(shape.fillcolor) if shape.fillcolor else "none"
            edge: dict[str, Any] = {
                "edgecolor": line["color"],
                "linewidth": line["linewidth"],
                "facecolor": fill,
            }
            self.page.add_artist(Rectangle((shape.x0, shape.y0), *size, transform=place, **edge))

    def _title(self) -> None:
        title = self.layout.title
        top = self.height * (1 - (title.y if title.y is not None else 0.96))
        size = self._font("title.font")
        x = 0.05 if title.x is None else title.x
        self._heading(title.text, x, top, size)
        below = top + (lines(title.text).count("\n") + 1) * size * INCH / 72 * 1.45
        self._heading(title.subtitle.text, x, below, self._font("title.subtitle.font"))

    def _heading(self, text: str | None, x: float, pixels_down: float, size: float) -> None:
        y = 1 - pixels_down / self.height
        self.page.text(x, y, lines(text), fontsize=size, va="top", color=self._text_colour)


def _get(source: Any, path: str) -> Any:
    for name in path.split("."):
        source = source[name] if source is not None else None
    return source


def _axis(layout: Any, reference: str) -> Any:
    """Return the axis of a reference such as ``"y2"``."""
    return layout[f"{reference[0]}axis{reference[1:]}"]


def _axis_pairs(figure: go.Figure) -> Iterator[tuple[str, str]]:
    """Yield the panels of a figure, empty ones included: pairs of x and y axis."""
    pairs = dict.fromkeys((trace.xaxis or "x", trace.yaxis or "y") for trace in figure.data)
    for axis in figure.select_xaxes():
        number = axis.plotly_name.removeprefix("xaxis")
        pairs.setdefault((f"x{number}", axis.anchor or f"y{number}"))
    yield from pairs or {("x", "y"): None}


def _trace(panel: Axes, trace: Any) -> None:
    """Draw one scatter trace: its filling, line, error bars and markers."""
    mode, opacity = trace.mode or "lines", 1.0 if trace.opacity is None else trace.opacity
    x, y = _numbers(trace.x), _numbers(trace.y)
    if trace.fill == "toself" and len(x):
        panel.fill(x, y, facecolor=colour(trace.fillcolor), edgecolor="none", alpha=None)
    elif trace.fill in ("tozeroy", "tonexty") and len(x):
        panel.fill_between(x, y, _floor(panel, trace), facecolor=colour(trace.fillcolor))
    if "lines" in mode:
        (line,) = panel.plot(x, y, DASHES.get(trace.line.dash, "-"), color=colour(trace.line.color))
        line.set_linewidth((2 if trace.line.width is None else trace.line.width) * 72 / INCH)
        line.set_alpha(colour(trace.line.color)[3] * opacity)
    if trace.error_y.visible is not False and trace.error_y.array is not None:
        _error_bars(panel, trace, x, y)
    if "markers" in mode:
        _markers(panel, trace, x, y, opacity)


def _numbers(values: Any) -> np.ndarray:
    """Return trace values as floats, None as NaN."""
    return np.array([] if values is None else values, dtype=float)


def _floor(panel: Axes, trace: Any) -> np.ndarray | float:
    """Return the lower edge of a filling: zero, or the line drawn just before."""
    if trace.fill == "tozeroy" or not panel.lines:
        return 0.0
    before = panel.lines[-1]
    at, edge = (np.asarray(data, dtype=float) for data in before.get_data())
    return np.interp(_numbers(trace.x), at, edge)


def _error_bars(panel: Axes, trace: Any, x: np.ndarray, y: np.ndarray) -> None:
    above = _numbers(trace.error_y.array)
    below = above if trace.error_y.arrayminus is None else _numbers(trace.error_y.arrayminus)
    panel.errorbar(
        x,
        y,
        yerr=[below, above],
        fmt="none",
        ecolor=colour(trace.error_y.color or trace.marker.color),
        elinewidth=(trace.error_y.thickness or 2) * 72 / INCH,
        capsize=(4 if trace.error_y.width is None else trace.error_y.width) * 72 / INCH,
        capthick=(trace.error_y.thickness or 2) * 72 / INCH,
    )


def _markers(panel: Axes, trace: Any, x: np.ndarray, y: np.ndarray, opacity: float) -> None:
    """Draw markers one by one, since their symbol, size, colour and outline may all vary."""
    marker = trace.marker
    opacity *= 1 if marker.opacity is None else marker.opacity
    for i, point in enumerate(zip(x, y, strict=True)):
        symbol = str(_each(marker.symbol, i) or "circle")
        fill = colour(_each(marker.color, i) or trace.line.color)
        thin, hollow = symbol in THIN_MARKERS, symbol.endswith("-open")
        edge = colour(_each(marker.line.color, i)) if thin and marker.line.color else fill
        width = _each(marker.line.width, i) or (2 if thin or hollow else 0)
        panel.plot(
            *([value] for value in point),
            marker=THIN_MARKERS.get(symbol) or MARKERS.get(symbol.removesuffix("-open"), "o"),
            markersize=(_each(marker.size, i) or 6)
            * 72
            / INCH
            * (0.9 if "diamond" in symbol else 1),
            markerfacecolor="none" if hollow else fill,
            markeredgecolor=edge,
            markeredgewidth=width * 72 / INCH,
            alpha=opacity,
            linestyle="none",
        )


def _each(setting: Any, i: int) -> Any:
    """Return the value of a marker setting for one point: settings may be arrays."""
    return setting[i] if isinstance(setting, list | tuple | np.ndarray) else setting
