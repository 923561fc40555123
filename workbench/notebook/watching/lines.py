"""The lines of the live figure: every seed's curve, what they have in common, and what is new.

The four panels are the training loss, the dev score, its spread over seeds and the gradient's norm.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.analysis.summary import metric_title
from workbench.notebook.figures import palette
from workbench.notebook.watching.follow import Followed, Follower
from workbench.tasks.catalogue import find

HEIGHT = 280
"""Of a panel, pixels."""
PANELS = ("loss", "dev", "spread", "norm")
"""In the order in which they stand on the page."""

START = float("-inf")


@dataclass(frozen=True)
class Points:
    """What is new of one line: all it had from ``first`` on is dropped, and these follow.

    Attributes
    ----------
    key
        Which line: the panel, what it is, and the group's name or the run's identity.
    first
        The lowest place (step or epoch) that is replaced.
    x, y
        ``float [points]``; an undefined value is NaN.
    """

    key: tuple[str, str, str]
    first: float
    x: np.ndarray
    y: np.ndarray


def over_seeds(
    curves: Iterable[tuple[np.ndarray, np.ndarray]], first: float, *statistics: Callable
) -> tuple[np.ndarray, ...]:
    """Summarise the seeds at every place from ``first`` on.

    Parameters
    ----------
    curves
        ``x`` (ascending) and ``y`` of each seed; seeds may have reached different places.
    first
        The lowest place to look at.
    statistics
        Functions from ``float [places, seeds]``, NaN where a seed has no value but none in every
        seed, to ``float [places]``.

    Returns
    -------
    tuple of arrays
        The places, and each statistic there; NaN where no seed has a value.
    """
    later = [(x[x >= first], y[x >= first]) for x, y in curves]
    places = np.unique(np.concatenate([x for x, _ in later]))
    table = np.full((len(places), len(later)), np.nan)
    for column, (x, y) in enumerate(later):
        table[np.searchsorted(places, x), column] = y
    some = ~np.isnan(table).all(axis=1)
    return places, *(_where(some, statistic(table[some])) for statistic in statistics)


def _where(known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Spread values over the places that have one, NaN elsewhere."""
    spread = np.full(len(known), np.nan)
    spread[known] = values
    return spread


def sd(table: np.ndarray) -> np.ndarray:
    """Return each row's sample standard deviation (divisor n - 1), NaN below two values."""
    several = (~np.isnan(table)).sum(axis=1) > 1
    return _where(several, np.nanstd(table[several], axis=1, ddof=1))


def _median(table: np.ndarray) -> np.ndarray:
    return np.nanmedian(table, axis=1) if len(table) else np.empty(0)


def _lowest(table: np.ndarray) -> np.ndarray:
    return np.nanmin(table, axis=1)


def _highest(table: np.ndarray) -> np.ndarray:
    return np.nanmax(table, axis=1)


def _mean(table: np.ndarray) -> np.ndarray:
    return np.nanmean(table, axis=1)


class Lines:
    """The lines of a study's four panels, and what is new of them.

    Parameters
    ----------
    follower
        The study's.

    Attributes
    ----------
    groups
        The identities of the runs that share a colour and a median, by the name of their
        technique (and model, where there are several).
    keys
        Every line, in the order in which they are drawn.
    """

    def __init__(self, follower: Follower):
        self.follower = follower
        self.groups = _groups(follower.runs)
        self.colours = palette.colours(list(self.groups))
        self.metric = metric_title(find(follower.study.settings.task)[0].metric)
        self.keys = [key for name, runs in self.groups.items() for key in _keys(name, runs)]
        self._shown: dict[str, Followed] = {}

    def everything(self) -> list[Points]:
        """Return all points there are."""
        self._shown = {}
        return self.changes()

    def changes(self) -> list[Points]:
        """Return what is new since the last call."""
        now = dict(self.follower.runs)
        found = [
            points for name, runs in self.groups.items() for points in self._group(name, runs, now)
        ]
        self._shown = now
        return found

    def _group(self, name: str, runs: list[str], now: dict[str, Followed]) -> Iterator[Points]:
        news = {run: _news(self._shown.get(run), now[run]) for run in runs}
        members = [now[run] for run in runs]
        for run, (step, epoch) in news.items():
            yield from _run_points(run, now[run], step, epoch)
        steps = [step for step, _ in news.values() if step is not None]
        epochs = [epoch for _, epoch in news.values() if epoch is not None]
        if steps:
            yield from _step_points(name, members, min(steps))
        if epochs:
            yield from _epoch_points(name, members, min(epochs))

    def figure(self) -> dict[str, Any]:
        """Return what the page must know to draw: the panels, and how each line looks."""
        return {
            "study": self.follower.study.name,
            "legend": list(self.colours.items()),
            "panels": [_panel(panel, self.metric) for panel in PANELS],
            "lines": [
                {"panel": PANELS.index(key[0]), "trace": self._trace(key)} for key in self.keys
            ],
            "template": palette.template().to_plotly_json(),
        }

    def _trace(self, key: tuple[str, str, str]) -> dict[str, Any]:
        panel, kind, of = key
        if kind == "seed":
            run = self.follower.runs[of]
            name = next(name for name, runs in self.groups.items() if of in runs)
            return _seed_trace(panel, name, run.seed, self.colours[name])
        return _group_trace(panel, kind, of, self.colours[of])

    def alarm(self) -> str:
        """Name the runs that have collapsed; empty where none has."""
        collapsed = set(self.follower.collapsed)
        named = [
            f"{name}, seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
            for name, runs in self.groups.items()
            if (seeds := [self.follower.runs[run].seed for run in runs if run in collapsed])
        ]
        return f"Collapsed: {'; '.join(named)}." if named else ""


def _groups(runs: dict[str, Followed]) -> dict[str, list[str]]:
    several = len({followed.model for followed in runs.values()}) > 1
    groups: dict[str, list[str]] = {}
    for run, followed in runs.items():
        name = f"{followed.label}, {followed.model}" if several else followed.label
        groups.setdefault(name, []).append(run)
    return groups


def _keys(name: str, runs: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the lines of a group; those drawn later lie on top."""
    yield from (("norm", "seed", run) for run in runs)
    yield from (("loss", "seed", run) for run in runs)
    yield ("loss", "median", name)
    # The filling of "highest" reaches down to the line before it.
    yield from (("dev", kind, name) for kind in ("lowest", "highest"))
    yield from (("dev", "seed", run) for run in runs)
    yield ("dev", "mean", name)
    yield ("spread", "spread", name)


def _news(shown: Followed | None, now: Followed) -> tuple[float | None, float | None]:
    """Return the first step and the first epoch that a page does not have; None where it has all.

    A run that was read anew is new from the start.
    """
    if shown is None or shown.restarts != now.restarts:
        return START, START
    return _first(now.steps, len(shown.steps)), _first(now.epochs, len(shown.epochs))


def _first(places: np.ndarray, known: int) -> float | None:
    return float(places[known]) if len(places) > known else None


def _run_points(
    run: str, followed: Followed, step: float | None, epoch: float | None
) -> Iterator[Points]:
    if step is not None:
        new = followed.steps >= step
        for panel, values in (("norm", followed.norms), ("loss", followed.losses)):
            yield Points((panel, "seed", run), step, followed.steps[new], values[new])
    if epoch is not None:
        new = followed.epochs >= epoch
        scores = 100 * followed.dev[new]
        yield Points(("dev", "seed", run), epoch, followed.epochs[new], scores)


def _step_points(name: str, members: list[Followed], first: float) -> Iterator[Points]:
    curves = ((run.steps, run.losses) for run in members)
    x, median = over_seeds(curves, first, _median)
    yield Points(("loss", "median", name), first, x, median)


def _epoch_points(name: str, members: list[Followed], first: float) -> Iterator[Points]:
    curves = ((run.epochs, 100 * run.dev) for run in members)
    x, low, high, mean, spread = over_seeds(curves, first, _lowest, _highest, _mean, sd)
    for kind, y in (("lowest", low), ("highest", high), ("mean", mean)):
        yield Points(("dev", kind, name), first, x, y)
    yield Points(("spread", "spread", name), first, x, spread)


def _seed_trace(panel: str, name: str, seed: str, colour: str) -> dict[str, Any]:
    place, value = ("epoch", "dev") if panel == "dev" else ("step", panel)
    form = "%{y:.1f}" if panel == "dev" else "%{y:.4g}"
    words = f"seed {seed}<br>{place} %{{x}}<br>{value} {form}<extra>{name}</extra>"
    # No bold line stands out from those of the norm.
    pale = colour if panel == "norm" else palette.translucent(colour, palette.SEED_OPACITY)
    return _trace(f"{name}, seed {seed}", words) | {
        "mode": "markers" if panel == "dev" else "lines",
        "line": {"color": pale, "width": 1},
        "marker": {"color": pale, "size": 5},
    }


def _group_trace(panel: str, kind: str, name: str, colour: str) -> dict[str, Any]:
    place, form = ("step", "%{y:.4g}") if panel == "loss" else ("epoch", "%{y:.1f}")
    trace = _trace(
        f"{name}, {kind}", f"{kind} over seeds<br>{place} %{{x}}<br>{form}<extra>{name}</extra>"
    )
    if kind in ("lowest", "highest"):
        pale = palette.translucent(colour, palette.SEED_OPACITY)
        return trace | {
            "mode": "lines",
            "line": {"color": pale, "width": 1},
            "fill": "tonexty" if kind == "highest" else "none",
            "fillcolor": palette.translucent(colour, palette.BAND_OPACITY),
            "hoverinfo": "skip",
            "hovertemplate": None,
        }
    return trace | {
        "mode": "lines" if panel == "loss" else "lines+markers",
        "line": {"color": colour, "width": 3},
        "marker": {"color": colour, "size": 6},
    }


def _trace(title: str, words: str) -> dict[str, Any]:
    return {"type": "scatter", "name": title, "hovertemplate": words}


def _panel(panel: str, metric: str) -> dict[str, Any]:
    """Return a panel's title, the words that stand for its picture, and its axes."""
    title, words, x, y = {
        "loss": ("Training loss", "thin: one seed; bold: median", "step", "training loss"),
        "dev": ("Dev score", "bold: mean; band: lowest to highest seed", "epoch", f"dev {metric}"),
        "spread": (
            "Spread of the dev score",
            "standard deviation over seeds",
            "epoch",
            f"SD of dev {metric}",
        ),
        "norm": ("Gradient norm", "one line a seed, before clipping", "step", "gradient norm"),
    }[panel]
    layout = {
        "height": HEIGHT,
        "margin": {"l": 60, "r": 16, "t": 60, "b": 44},
        "title": {
            "text": f'{title}<br><span style="font-size: {palette.SMALL}px">{words}</span>',
            "x": 0.01,
            "y": 1 - 24 / HEIGHT,
            "yanchor": "top",
            "font": {"size": palette.FONT_SIZE + 2},
        },
        "xaxis": {"title": {"text": x}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": y}, "type": "log" if panel == "norm" else "linear"},
    }
    return {"name": panel, "words": f"{title} over {x}s: {words}", "layout": layout}


def packed(
    points: list[Points], keys: list[tuple[str, str, str]]
) -> tuple[dict[str, Any], list[bytes]]:
    """Turn points into a message and its binary buffer.

    Returns
    -------
    content : dict
        ``points``: for each line its number, its first place (None: from the start) and how many
        points follow.
    buffers : list of bytes
        One, little-endian ``float32``: for each line its ``x``, then its ``y``.
    """
    numbers = {key: number for number, key in enumerate(keys)}
    heads = [
        [numbers[item.key], None if item.first == START else item.first, len(item.x)]
        for item in points
    ]
    values = [array for item in points for array in (item.x, item.y)]
    joined = np.concatenate([*values, np.empty(0)]).astype("<f4")
    return {"points": heads}, [joined.tobytes()]
