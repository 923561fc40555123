"""A small drawing of a model's layers: what a technique freezes, slows down or draws anew.

What happens where is asked of the techniques' own hooks, so that a technique of another package is
drawn like the project's own. Every state is told by a pattern and by words as well as by colour.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from itertools import groupby

import torch
from torch import Tensor

from workbench.errors import WorkbenchError
from workbench.models.depth import Anatomy, Parameter
from workbench.notebook.figures import palette
from workbench.techniques import FIRST, Composition, Moment, parse

TIMES = "\N{MULTIPLICATION SIGN}"
WIDTH = 340
NAME_WIDTH, BAR_WIDTH = 92, 90
"""Pixels of the names on the left and of the bars beside them."""
BRIEF_TALL, BRIEF_LOW = 13, 6
"""Pixels of a row of a drawing without words."""
BRIEF = NAME_WIDTH + BAR_WIDTH + 2
"""Pixels of a drawing without words."""
FEW_BLOCKS, TALL, LOW = 12, 20, 15
"""Up to so many blocks a row is tall; pixels of either kind of row."""
GAP = 2
_EVERY = 6
"""Of very low rows, the blocks whose number is a multiple of this are named."""
_INITIALIZER_RANGE = 0.02
"""Of a checkpoint that does not matter here: no value is drawn."""
_KINDS = ("linear", "norm", "bias")

_INK = f"fill:var(--jp-ui-font-color1, {palette.TEXT})"
_FRAME = f"fill:none;stroke:var(--jp-ui-font-color2, {palette.TEXT})"

_FILLS = {
    "frozen": palette.TEXT,
    "fresh": palette.COLOURS[1],
    "scaled": palette.COLOURS[2],
    "later": palette.COLOURS[3],
    "trained": palette.COLOURS[0],
}
_MARKS = {
    "frozen": '<path d="M-2 2L2 -2M0 8L8 0M6 10L10 6" stroke="{0}" stroke-width="2"/>',
    "fresh": '<circle cx="4" cy="4" r="2.2" fill="{0}"/>',
    "scaled": '<path d="M0 2H8M0 6H8" stroke="{0}" stroke-width="2"/>',
    "later": '<path d="M2 0V8M6 0V8" stroke="{0}" stroke-width="2"/>',
    "trained": '<rect width="8" height="8" fill="{0}"/>',
}
"""Diagonal lines, dots, level lines, upright lines, and a plain area."""
_MEANINGS = {
    "trained": "trained",
    "scaled": "at another rate: the bar's length",
    "later": "trained from a later epoch on",
    "fresh": "re-initialised",
    "frozen": "frozen",
}
_CAPTION = (
    f"font:600 {palette.SMALL}px {escape(palette.FONT)};"
    f"color:var(--jp-ui-font-color1, {palette.TEXT});margin-bottom:4px"
)


@dataclass(frozen=True)
class Layer:
    """One row of the drawing, and what happens to it."""

    name: str
    depth: int
    joins: int | None
    """The epoch, from 0, at which it begins to train; None where it stays frozen."""
    rate: float
    """Factor on the learning rate."""
    fresh: bool
    """Whether a technique draws its weights anew."""
    shared: bool
    """Whether its output is computed once for each example, without dropout."""
    part: str = ""
    """What of it may be drawn anew, where that is not all: the head is new in every run."""

    @property
    def trained(self) -> bool:
        """Whether it trains at some time."""
        return self.joins is not None

    @property
    def look(self) -> str:
        """How it is filled: ``frozen``, ``fresh``, ``later``, ``scaled`` or ``trained``."""
        if not self.trained:
            return "frozen"
        if self.fresh:
            return "fresh"
        if self.joins:
            return "later"
        return "trained" if self.rate == 1 else "scaled"

    @property
    def words(self) -> str:
        """What happens to it, in words."""
        if self.joins is None:
            return "frozen, no dropout" if self.shared else "frozen"
        words = [f"{self.part}re-initialised" if self.fresh else "trained"]
        if self.joins:
            words = [*(words if self.fresh else []), f"trained from epoch {self.joins + 1}"]
        return ", ".join(words + ([] if self.rate == 1 else [f"rate {TIMES} {self.rate:.3g}"]))


def gallery(layers: int, techniques: Sequence[str]) -> str:
    """Draw a model under each of several techniques, side by side, as HTML.

    A single one has words beside its layers; several have their names above, the words on hovering,
    and one legend. One that cannot be read, or not for this model, is left out.

    Parameters
    ----------
    layers
        The model's number of blocks.
    techniques
        As users type them.
    """
    drawn = {}
    for technique in techniques:
        with suppress(WorkbenchError):
            drawn[technique] = drawing(layers, technique, brief=len(techniques) > 1)
    figures = "".join(
        f'<figure style="margin:0"><figcaption style="{_CAPTION}">{escape(name)}</figcaption>'
        f"{picture}</figure>"
        for name, picture in drawn.items()
    )
    legend = _legend(layers, list(drawn)) if len(techniques) > 1 and drawn else ""
    return f'<div style="display:flex;flex-wrap:wrap;gap:12px 16px">{figures}</div>{legend}'


def drawing(layers: int, technique: str, brief: bool = False) -> str:
    """Draw a model's embeddings, blocks and head, from bottom to top, as SVG.

    Parameters
    ----------
    layers
        The model's number of blocks.
    technique
        As users type it, such as ``freeze:3+layerwise:0.9``.
    brief
        Whether what happens to a layer is told on hovering alone.

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
    key = f"layers-{sha256(f'{layers} {composition.label} {brief}'.encode()).hexdigest()[:8]}"
    width = BRIEF if brief else WIDTH
    height = _height(layers, brief)
    total = height * len(rows)
    drawn = "".join(
        _row(row, _named(row, layers, height), key, total - height * (row.depth + 1), height, brief)
        for row in rows
    )
    looks = dict.fromkeys(row.look for row in rows)
    title = escape(f"The {layers} blocks of the model under {composition.label}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{total}" '
        f'viewBox="0 0 {width} {total}" aria-labelledby="{key}-title {key}-desc" '
        f'style="max-width:100%;overflow:visible;font:{palette.SMALL}px {escape(palette.FONT)}">'
        f'<title id="{key}-title">{title}</title>'
        f'<desc id="{key}-desc">{escape(described(rows))}</desc>'
        f"<defs>{_patterns(looks, key)}</defs>{drawn}</svg>"
    )


def states(layers: int, composition: Composition) -> list[Layer]:
    """Return what happens to each depth, from the embeddings to the head.

    Rates are those of the first step, where a technique changes them later.
    """
    anatomy = _anatomy(layers)
    fixed = composition.fixed(anatomy)
    return [
        Layer(
            name=_name(depth, anatomy),
            depth=depth,
            joins=_joins(composition, depth, anatomy),
            rate=composition.rate(depth, FIRST, anatomy),
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


def _joins(composition: Composition, depth: int, anatomy: Anatomy) -> int | None:
    """Return the epoch at which a depth begins to train, None where it never does."""
    # Where one block joins at each epoch, the embeddings come last.
    epochs = anatomy.top + 1
    moments = (Moment(epoch, epochs, 1) for epoch in range(epochs))
    found = (moment.epoch for moment in moments if composition.trains(depth, moment, anatomy))
    return next(found, None)


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


def _height(layers: int, brief: bool) -> int:
    """Return a row's height in pixels, with the gap below it."""
    few = layers <= FEW_BLOCKS
    if brief:
        return (BRIEF_TALL if few else BRIEF_LOW) + GAP
    return (TALL if few else LOW) + GAP


def _named(row: Layer, layers: int, height: int) -> str:
    """Return a row's name; where rows are lower than letters, only some have room for one."""
    between = 0 < row.depth <= layers
    roomy = row.depth % _EVERY == 0 and row.depth + 1 < layers
    return "" if between and height < LOW - GAP and not roomy else row.name


def _legend(layers: int, techniques: Sequence[str]) -> str:
    """Explain the patterns that occur, for the eye: each drawing describes itself."""
    rows = [row for each in techniques for row in states(layers, parse(each, layers))]
    looks = [look for look in _MEANINGS if look in {row.look for row in rows}]
    key = f"legend-{sha256(f'{layers} {techniques}'.encode()).hexdigest()[:8]}"
    entries = "".join(
        f'<span style="white-space:nowrap"><svg width="{LOW}" height="{LOW}" '
        f'style="vertical-align:middle"><defs>{_patterns([look], key)}</defs>'
        f'<rect width="{LOW}" height="{LOW}" fill="url(#{key}-{look})"/>'
        f'<rect width="{LOW}" height="{LOW}" style="{_FRAME}"/></svg> {_MEANINGS[look]}</span>'
        for look in looks
    )
    return (
        f'<div aria-hidden="true" style="{_CAPTION};font-weight:normal;display:flex;'
        f'flex-wrap:wrap;gap:4px 14px;margin-top:8px">{entries}</div>'
    )


def _patterns(looks: Iterable[str], key: str) -> str:
    return "".join(
        f'<pattern id="{key}-{look}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f"{_MARKS[look].format(_FILLS[look])}</pattern>"
        for look in looks
    )


def _row(row: Layer, name: str, key: str, top: int, step: int, brief: bool) -> str:
    """Draw a row: its name, a frame, a bar as long as its learning rate, and what happens."""
    share = min(row.rate, 1.0) if row.trained else 1.0
    height = step - GAP
    middle = top + height / 2
    place = f'x="{NAME_WIDTH}" y="{top}" height="{height}"'
    drawn = (
        f'<text x="{NAME_WIDTH - 8}" y="{middle:g}" text-anchor="end" dominant-baseline="central" '
        f'style="{_INK}">{escape(name)}</text>'
        f'<rect {place} width="{share * BAR_WIDTH:.4g}" fill="url(#{key}-{row.look})"/>'
        f'<rect {place} width="{BAR_WIDTH}" style="{_FRAME}"/>'
    )
    if brief:
        return f"<g><title>{escape(f'{row.name}: {row.words}')}</title>{drawn}</g>"
    return (
        f'{drawn}<text x="{NAME_WIDTH + BAR_WIDTH + 8}" y="{middle:g}" '
        f'dominant-baseline="central" style="{_INK}">{escape(row.words)}</text>'
    )
