"""A small drawing of a model's layers: what a technique freezes, slows down or draws anew.

What happens where is asked of the techniques' own hooks, so that a technique of another package is
drawn like the project's own. Every state is told by a pattern and by words as well as by colour.
"""

from dataclasses import dataclass
from hashlib import sha256
from html import escape
from itertools import groupby

import torch
from torch import Tensor

from workbench.models.depth import Anatomy, Parameter
from workbench.notebook import palette
from workbench.techniques import Composition, parse

TIMES = "\N{MULTIPLICATION SIGN}"
WIDTH = 340
NAME_WIDTH, BAR_WIDTH = 92, 90
"""Pixels of the names on the left and of the bars beside them."""
FEW_BLOCKS, TALL, LOW = 12, 20, 15
"""Up to so many blocks a row is tall; pixels of either kind of row."""
GAP = 2
_INITIALIZER_RANGE = 0.02
"""Of a checkpoint that does not matter here: no value is drawn."""
_KINDS = ("linear", "norm", "bias")

_INK = f"fill:var(--jp-ui-font-color1, {palette.TEXT})"
_FRAME = f"fill:none;stroke:var(--jp-ui-font-color2, {palette.TEXT})"

_FILLS = {
    "frozen": palette.TEXT,
    "fresh": palette.COLOURS[1],
    "scaled": palette.COLOURS[2],
    "trained": palette.COLOURS[0],
}
_MARKS = {
    "frozen": '<path d="M-2 2L2 -2M0 8L8 0M6 10L10 6" stroke="{0}" stroke-width="2"/>',
    "fresh": '<circle cx="4" cy="4" r="2.2" fill="{0}"/>',
    "scaled": '<path d="M0 2H8M0 6H8" stroke="{0}" stroke-width="2"/>',
    "trained": '<rect width="8" height="8" fill="{0}"/>',
}
"""Diagonal lines, dots, level lines, and a plain area."""


@dataclass(frozen=True)
class Layer:
    """One row of the drawing, and what happens to it at the first step."""

    name: str
    depth: int
    trained: bool
    rate: float
    """Factor on the learning rate."""
    fresh: bool
    """Whether a technique draws its weights anew."""
    shared: bool
    """Whether its output is computed once for each example, without dropout."""
    part: str = ""
    """What of it may be drawn anew, where that is not all: the head is new in every run."""

    @property
    def look(self) -> str:
        """How it is filled: ``frozen``, ``fresh``, ``scaled`` or ``trained``."""
        if not self.trained:
            return "frozen"
        if self.fresh:
            return "fresh"
        return "trained" if self.rate == 1 else "scaled"

    @property
    def words(self) -> str:
        """What happens to it, in words."""
        if not self.trained:
            return "frozen, no dropout" if self.shared else "frozen"
        start = f"{self.part}re-initialised" if self.fresh else "trained"
        return start if self.rate == 1 else f"{start}, rate {TIMES} {self.rate:.3g}"


def drawing(layers: int, technique: str) -> str:
    """Draw a model's embeddings, blocks and head, from bottom to top, as SVG.

    Parameters
    ----------
    layers
        The model's number of blocks.
    technique
        As users type it, such as ``freeze:3+layerwise:0.9``.

    Returns
    -------
    str
        An ``svg`` element with a title and a description, whose text takes JupyterLab's colour.

    Raises
    ------
    WorkbenchError
        When the technique cannot be read, or not for this model.
    """
    composition = parse(technique, layers)
    rows = states(layers, composition)
    key = f"layers-{sha256(f'{layers} {composition.label}'.encode()).hexdigest()[:8]}"
    height = (TALL if layers <= FEW_BLOCKS else LOW) + GAP
    total = height * len(rows)
    drawn = "".join(_row(row, key, total - height * (row.depth + 1), height - GAP) for row in rows)
    title = escape(f"The {layers} blocks of the model under {composition.label}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{WIDTH}" height="{total}" '
        f'viewBox="0 0 {WIDTH} {total}" aria-labelledby="{key}-title {key}-desc" '
        f'style="max-width:100%;font:{palette.SMALL}px {escape(palette.FONT)}">'
        f'<title id="{key}-title">{title}</title>'
        f'<desc id="{key}-desc">{escape(described(rows))}</desc>'
        f"<defs>{_patterns(rows, key)}</defs>{drawn}</svg>"
    )


def states(layers: int, composition: Composition) -> list[Layer]:
    """Return what happens to each depth, from the embeddings to the head.

    Rates and frozen depths are those of the first step, where a technique changes them later.
    """
    anatomy = _anatomy(layers)
    fixed = composition.fixed(anatomy)
    return [
        Layer(
            name=_name(depth, anatomy),
            depth=depth,
            trained=composition.trains(depth, 0, anatomy),
            rate=composition.rate(depth, 0, anatomy),
            fresh=_fresh(composition, depth, anatomy),
            shared=depth <= fixed,
            part="pooler " if depth == anatomy.top else "",
        )
        for depth in range(anatomy.top + 1)
    ]


def described(rows: list[Layer]) -> str:
    """Say what the drawing shows; neighbours of one state are named together."""
    parts = []
    for words, group in groupby(rows, key=lambda row: row.words):
        first, *rest = group
        span = f"{first.name} to {rest[-1].name}" if rest else first.name
        parts.append(f"{span}: {words}")
    return f"From bottom to top, {'; '.join(parts)}. The head starts from new weights in any case."


def _anatomy(layers: int) -> Anatomy:
    """Return an anatomy with one parameter of each kind at each depth, and a pooler."""
    top = layers + 1
    places = [Parameter("embeddings", 0, "embedding")]
    places += [
        Parameter(f"block {depth} {kind}", depth, kind)
        for depth in range(1, top)
        for kind in _KINDS
    ]
    places += [Parameter(f"pooler {kind}", top, kind, pooler=True) for kind in ("linear", "bias")]
    places += [Parameter(f"head {kind}", top, kind) for kind in ("linear", "bias")]
    return Anatomy(layers, _INITIALIZER_RANGE, tuple(places))


def _name(depth: int, anatomy: Anatomy) -> str:
    if depth == anatomy.top:
        return "Pooler, head"
    return f"Block {depth}" if depth else "Embeddings"


def _fresh(composition: Composition, depth: int, anatomy: Anatomy) -> bool:
    """Tell whether a technique asks for a fresh value of any parameter at a depth."""
    asked = []

    def draw(parameter: Parameter) -> Tensor:
        asked.append(parameter)
        return torch.zeros(())

    for parameter in anatomy.parameters:
        if parameter.depth == depth:
            composition.initial(parameter, torch.zeros(()), anatomy, draw)
    return bool(asked)


def _patterns(rows: list[Layer], key: str) -> str:
    return "".join(
        f'<pattern id="{key}-{look}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f"{_MARKS[look].format(_FILLS[look])}</pattern>"
        for look in dict.fromkeys(row.look for row in rows)
    )


def _row(row: Layer, key: str, top: int, height: int) -> str:
    """Draw a row: its name, a frame, a bar as long as its learning rate, and what happens."""
    share = min(row.rate, 1.0) if row.trained else 1.0
    middle = top + height / 2
    place = f'x="{NAME_WIDTH}" y="{top}" height="{height}"'
    return (
        f'<text x="{NAME_WIDTH - 8}" y="{middle:g}" text-anchor="end" dominant-baseline="central" '
        f'style="{_INK}">{escape(row.name)}</text>'
        f'<rect {place} width="{share * BAR_WIDTH:.4g}" fill="url(#{key}-{row.look})"/>'
        f'<rect {place} width="{BAR_WIDTH}" style="{_FRAME}"/>'
        f'<text x="{NAME_WIDTH + BAR_WIDTH + 8}" y="{middle:g}" dominant-baseline="central" '
        f'style="{_INK}">{escape(row.words)}</text>'
    )
