"""Colours, fonts and the plotly template of every figure.

Figures are transparent, and their text and grid are greys in the middle of the scale, so that one
figure reads on a light and on a dark page.
"""

from collections.abc import Sequence

import plotly.graph_objects as go

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colours (Color Universal Design, 2008), told apart under colour blindness.

Without their black and yellow, which vanish on a dark or a light page. The first four have a
contrast of 3 or more on both pages; orange and sky blue, kept for a fifth and sixth technique, have
2.2 on white.
"""

TEXT = "#7a7a7a"
"""Grey text: contrast 4.3 on white, 4.4 on JupyterLab's dark page (#111111)."""

TEXT_ON_WHITE = "#333333"
"""Text of images, whose page is always white."""

GRID = "rgba(128, 128, 128, 0.25)"
BAND_OPACITY = 0.2
SEED_OPACITY = 0.5
FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
FONT_SIZE = 13
SMALL = 12
TITLE_SIZE = 17


def colours(techniques: Sequence[str]) -> dict[str, str]:
    """Give each technique its colour, by order; a seventh starts over."""
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(dict.fromkeys(techniques))}


def translucent(colour: str, opacity: float) -> str:
    """Write a ``#rrggbb`` colour as CSS ``rgba`` with an opacity between 0 and 1."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two ``#rrggbb`` colours, 1 to 21.

    Notes
    -----
    W3C, Web Content Accessibility Guidelines 2.1: ratio of relative luminances, each plus 0.05.
    """
    dark, light = sorted((_luminance(first), _luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (_linear(channel) for channel in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    """Undo the sRGB transfer curve for one channel, 0 to 1."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def template() -> go.layout.Template:
    """Return the plotly template: transparent, grey text and grid, no decoration."""
    axis = {
        "gridcolor": GRID,
        "linecolor": GRID,
        "zeroline": False,
        "showline": True,
        "ticks": "",
        "automargin": True,
        "title": {"standoff": 8, "font": {"size": FONT_SIZE}},
    }
    return go.layout.Template(
        layout={
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": SMALL, "color": TEXT},
            "colorway": list(COLOURS),
            "xaxis": axis,
            "yaxis": axis,
            "showlegend": False,
            "hovermode": "closest",
        }
    )
