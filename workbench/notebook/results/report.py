"""The report of a study: its tables and figures, in memory and as files."""

import textwrap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from plotly.graph_objects import Figure

from workbench.analysis import seeds, summary
from workbench.analysis.conclusion import conclude
from workbench.analysis.published import Yardstick, published
from workbench.models.catalogue import BUNDLED
from workbench.notebook.figures import static
from workbench.notebook.results.curves import dev_figure, loss_figure
from workbench.notebook.results.scores import score_figure
from workbench.notebook.results.seed_sources import CAVEAT, SeedSources, seed_sources
from workbench.store.atomic import make_folder, write_text
from workbench.store.folder import RunStore
from workbench.store.settings import TOGETHER
from workbench.store.study import Study
from workbench.store.table import history_table, losses_table, runs_table
from workbench.tasks.loading import LoadedTask, load
from workbench.techniques import BASELINE

TERMINAL_WIDTH = 100
"""Columns to which table and conclusion are broken for a terminal."""


@dataclass(frozen=True)
class Report:
    """The finished runs of a study, as tables and figures.

    Parameters
    ----------
    store, study
        What to report.
    """

    store: RunStore
    study: Study

    @property
    def folder(self) -> Path:
        """Where the report's files lie."""
        return self.store.root / "reports" / self.study.name

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a finished run, in the order of the study."""
        return runs_table(self.store, self.study.run_ids)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """One row a model and technique, raw scale."""
        return summary.summarise(self.runs, self.baseline)

    @property
    def metric(self) -> str:
        """The task's primary metric."""
        return self._task.task.metric

    @property
    def baseline(self) -> str:
        """The technique the others are compared with: the baseline, else the first."""
        names = list(self.runs["technique"])
        return BASELINE if BASELINE in names else names[0]

    @cached_property
    def table(self) -> pd.DataFrame:
        """The summary as people read it."""
        return summary.readable(self.summary, self.metric)

    @cached_property
    def conclusion(self) -> str:
        """What can and cannot be concluded."""
        return conclude(
            self.summary,
            self.metric,
            baseline=self.baseline,
            items=self._task.shape.count(self._task.splits["test"]),
            caveats=self.caveats,
        )

    @cached_property
    def sources(self) -> SeedSources | None:
        """What each kind of seed adds to the spread; None where seeds are not crossed."""
        return seed_sources(self.runs)

    @property
    def caveats(self) -> list[str]:
        """What a reader must know, in sentences."""
        notes = [note.removesuffix(".") for note in self.study.notes]
        if self._task.task.synthetic:
            notes.append("the text is generated, so nothing here speaks of BLURB")
        if BUNDLED in set(self.runs["model"]):
            notes.append(
                f"{BUNDLED} was trained for sentence similarity and lies outside the "
                "models of the published claims"
            )
        if self.sources:
            notes.append(CAVEAT)
        elif (kind := self.study.settings.vary) != TOGETHER:
            notes.append(f"the seeds of {kind} alone vary, so the spread leaves the others' out")
        return notes

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """The three figures by the name of their file, the one that answers the question first."""
        runs = self.runs
        named = runs[["run", "model"]].assign(seed=seeds.names(runs))
        losses, history = (
            table(self.store, self.study.run_ids).drop(columns="seed").merge(named, on="run")
            for table in (losses_table, history_table)
        )
        order = list(dict.fromkeys(runs["technique"]))
        return {
            "scores": score_figure(
                runs, self.summary, self.metric, self._yardsticks, techniques=order
            ),
            "dev": dev_figure(history, self.metric, techniques=order, baseline=self.baseline),
            "loss": loss_figure(losses, techniques=order),
        }

    @cached_property
    def images(self) -> dict[str, bytes]:
        """The figures as PNG, drawn at once."""
        return dict(zip(self.figures, static.pngs(list(self.figures.values())), strict=True))

    @property
    def _yardsticks(self) -> dict[str, Yardstick]:
        """The published score for each model of a task that has one."""
        found = {model: published(self._task.task.name, model) for model in self.runs["model"]}
        return {model: yardstick for model, yardstick in found.items() if yardstick}

    def save(self) -> Path:
        """Write every table and figure, and return the report's path."""
        make_folder(self.folder)
        write_text(self.folder / "runs.csv", summary.csv(self.runs))
        write_text(self.folder / "summary.csv", summary.csv(self.summary))
        if self.sources:
            write_text(self.folder / "seed_sources.csv", summary.csv(self.sources.table))
        for name, figure in self.figures.items():
            static.save(figure, self.folder / name, self.images[name])
        write_text(self.path, self.markdown)
        return self.path

    @property
    def path(self) -> Path:
        """The file that holds the report's text and links its pictures."""
        return self.folder / "report.md"

    @property
    def text(self) -> str:
        """Table and conclusion, as Markdown."""
        parts = [f"{summary.markdown(self.table)}\n{self.conclusion}"]
        if self.sources:
            table = summary.markdown(self.sources.readable(self.metric))
            parts.append(f"{table}\n{self.sources.told}")
        return "\n\n".join(parts)

    @property
    def markdown(self) -> str:
        """The whole report as Markdown, with links to the pictures beside it."""
        pictures = (
            f"![{static.alt_text(figure)}]({name}.png)" for name, figure in self.figures.items()
        )
        return "\n\n".join([f"# {self.title}", self.text, *pictures]) + "\n"

    @property
    def bundle(self) -> dict[str, str]:
        """Title, table, conclusion and the report's path, for a notebook and for a terminal."""
        told = [(self.table, self.conclusion)]
        if self.sources:
            told.append((self.sources.readable(self.metric), self.sources.told))
        plain = "\n\n".join(
            f"{summary.aligned(table, TERMINAL_WIDTH)}\n{_wrapped(text)}" for table, text in told
        )
        return {
            "text/markdown": f"### {self.title}\n\n{self.text}\n\nReport: `{self.path}`",
            "text/plain": f"{self.title}\n\n{plain}\n\nReport: {self.path}",
        }

    @property
    def title(self) -> str:
        """The study's task, and its name."""
        return f"{self._task.task.title}: study {self.study.name}"

    @cached_property
    def _task(self) -> LoadedTask:
        return load(self.study.settings.task)


def _wrapped(text: str) -> str:
    """Break a text into lines for a terminal."""
    lines = textwrap.fill(summary.unbroken(text), TERMINAL_WIDTH, break_on_hyphens=False)
    return lines.replace(summary.NO_BREAK_SPACE, " ")
