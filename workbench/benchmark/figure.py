"""The picture of a report: ratios by task and seeds, and how the time of a run grows."""

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from workbench.analysis.summary import metric_title
from workbench.benchmark.job import PUBLISHED, TUNED
from workbench.benchmark.ratios import difference, seeds_ratio
from workbench.notebook.figures.palette import COLOURS

_DOTS_PER_INCH = 150
_PANEL_INCHES = (4.6, 3.6)


def draw(results: dict[str, Any]) -> bytes | None:
    """Draw a PNG image with a panel for each kind of measurement there is; None without any."""
    panels = [_ratios(PUBLISHED), _ratios(TUNED)] if results["comparisons"] else []
    panels += [_precisions] if results["precision"] else []
    panels += [_cohorts, _examples] if results["scaling"] else []
    if not panels:
        return None
    width, height = _PANEL_INCHES
    figure = Figure(figsize=(width * len(panels), height), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, panel in zip(axes, panels, strict=True):
        panel(axis, results)
        axis.grid(alpha=0.25)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH)
    return buffer.getvalue()


def _ratios(contestant: str):
    """Return the panel that draws one peer's time over the engine's against seeds."""

    def panel(axis: Axes, results: dict[str, Any]) -> None:
        for number, comparison in enumerate(_shown(results)):
            ratios = [seeds_ratio(comparison, contestant, seeds) for seeds in results["seeds"]]
            label = f"{comparison['task']}, {comparison['precision']}"
            points = [float("nan") if ratio is None else ratio for ratio in ratios]
            colour = COLOURS[number % len(COLOURS)]
            axis.plot(results["seeds"], points, marker="o", color=colour, label=label)
        axis.set_title(f"{contestant} Trainer / engine", fontsize="medium")
        axis.set_xticks(results["seeds"])
        axis.set_xlabel("seeds")
        axis.set_ylabel("times the engine's time")
        axis.set_ylim(bottom=0)
        # Below the panel, where no line can run through it.
        axis.legend(
            fontsize="x-small",
            frameon=False,
            ncols=2,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.2),
        )

    return panel


def _shown(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the comparisons of the first technique: the others are in the table."""
    first = results["comparisons"][0]["technique"]
    return [each for each in results["comparisons"] if each["technique"] == first]


def _precisions(axis: Axes, results: dict[str, Any]) -> None:
    """Draw every seed's difference to float32, and the interval of the mean."""
    full, *others = results["precision"]["precisions"]
    for place, each in enumerate(others):
        colour, found = COLOURS[place % len(COLOURS)], difference(each, full, "scores")
        pairs = zip(each["scores"], full["scores"], strict=True)
        points = [100 * (a - b) for a, b in pairs if a is not None and b is not None]
        axis.scatter([place] * len(points), points, color=colour, alpha=0.4, s=16)
        if interval := found.interval():
            low, high = (100 * end for end in interval)
            axis.plot([place + 0.15] * 3, [low, (low + high) / 2, high], marker="_", color=colour)
    axis.axhline(0, color="black", linewidth=0.8)
    axis.set_xticks(range(len(others)), [each["precision"] for each in others])
    axis.set_xlim(-0.5, len(others) - 0.5)
    axis.set_title("Score minus float32's, by seed", fontsize="medium")
    axis.set_ylabel(metric_title(results["precision"]["metric"]))


def _cohorts(axis: Axes, results: dict[str, Any]) -> None:
    found = [each for each in results["scaling"]["cohorts"] if each["seconds_per_run"]]
    axis.plot(
        [each["runs"] for each in found],
        [each["seconds_per_run"] for each in found],
        marker="o",
        color=COLOURS[0],
    )
    axis.set_xscale("log", base=2)
    axis.set_ylim(bottom=0)
    axis.set_title("Cohort", fontsize="medium")
    axis.set_xlabel("runs in the cohort")
    axis.set_ylabel("seconds a step and run")


def _examples(axis: Axes, results: dict[str, Any]) -> None:
    found = [each for each in results["scaling"]["examples"] if each["seconds_per_epoch"]]
    sizes = [each["examples"] for each in found]
    costs = [each["prepare_seconds"] + each["seconds_per_epoch"] for each in found]
    axis.loglog(sizes, costs, marker="o", color=COLOURS[0], label="preparing and one epoch")
    if found:
        line = [costs[0] * size / sizes[0] for size in sizes]
        axis.loglog(sizes, line, linestyle=":", color=COLOURS[1], label="linear")
        axis.legend(fontsize="x-small", frameon=False)
    axis.set_title("Training set", fontsize="medium")
    axis.set_xlabel("training examples")
    axis.set_ylabel("seconds")
