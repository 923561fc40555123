"""A comparison of finished runs: its tables, sentences and figures, each made when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import pandas as pd
import plotly.graph_objects as go

from workbench.comparison import ledger
from workbench.comparison.advice import recommend_each
from workbench.comparison.advising import readable_each
from workbench.comparison.best import best
from workbench.comparison.filtering import filtered
from workbench.comparison.gathering import Gathered, gather
from workbench.comparison.overview import overview
from workbench.comparison.pairs import pairs
from workbench.comparison.sentence import Sentence
from workbench.comparison.settings import CompareSettings
from workbench.comparison.table import compare
from workbench.comparison.verdicts import verdicts
from workbench.comparison.zero_shot import beside
from workbench.notebook.comparing.best_of import best_of_figure
from workbench.notebook.comparing.blocks import arranged
from workbench.notebook.comparing.details import details
from workbench.notebook.comparing.forest import forest_figure
from workbench.notebook.comparing.losses import drawn_blocks, loss_band_figure
from workbench.notebook.comparing.parts import parts_figure
from workbench.notebook.comparing.points import point_figure
from workbench.notebook.comparing.readable import marked, readable, with_learning
from workbench.notebook.comparing.sensitivity import sensitivity_figure
from workbench.notebook.comparing.slopes import slope_figure
from workbench.notebook.comparing.words import Point, points
from workbench.store.folder import RunStore
from workbench.store.settings import outputs_folder
from workbench.store.table import losses_table
from workbench.techniques import BASELINE

MOST_FOR_ITEMS = 50
"""Groups: the predictions of every run are read and drawn from, a second for a few of them."""


class Comparison:
    """What finished runs say.

    Nothing is read or computed before it is asked for, and then once.

    Parameters
    ----------
    settings
        Which runs, compared how.
    gathered
        The runs, where they have been gathered already.

    Raises
    ------
    WorkbenchError
        When the outputs folder cannot be used.
    """

    def __init__(self, settings: CompareSettings, gathered: Gathered | None = None):
        self.settings = settings
        self.store = RunStore(outputs_folder(settings))
        self._given = gathered

    def narrowed(self, settings: CompareSettings) -> Comparison:
        """Compare those of these runs that other settings let pass, without reading them again."""
        runs = filtered(self.runs, settings)
        return Comparison(settings, replace(self._gathered, runs=runs))

    @cached_property
    def _gathered(self) -> Gathered:
        return self._given or gather(self.store, self.settings)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of how the runs were gathered, in sentences."""
        return self._gathered.notes

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run that fits the filters."""
        return self._gathered.runs

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a group, raw scale; what test items add is known where few are compared."""
        chosen = self.settings
        return compare(
            self.runs,
            baseline=chosen.baseline,
            family=chosen.family,
            split=chosen.split,
            items=self._gathered.items if self._few and len(self.runs) else None,
        )

    @property
    def _few(self) -> bool:
        return self._arranged["group"].nunique() <= MOST_FOR_ITEMS

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """One row a seed and contrast, raw scale."""
        return pairs(self.runs, self.table, self.settings.split)

    @cached_property
    def best(self) -> set[str]:
        """The groups that are decided to be the best of theirs."""
        return best(self.table, self.pairs)

    @cached_property
    def readable(self) -> pd.DataFrame:
        """The table as people read it, the decided best marked."""
        return marked(readable(self.table), self.table, self.best)

    @cached_property
    def sentences(self) -> list[Sentence]:
        """What the table says, the answers about all of it first."""
        alone = beside(self.table, self.store.root) if self.settings.split == "test" else []
        return [*overview(self.table, self.pairs), *alone, *verdicts(self.table)]

    @cached_property
    def said(self) -> list[Point]:
        """Notes and sentences as a list."""
        return points(self.notes, self.sentences)

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Runs beside published numbers, raw scale; empty where dev scores are compared."""
        if self.table.empty or self.settings.split != "test":
            return pd.DataFrame()
        return ledger.ledger(self.runs, self.table)

    @cached_property
    def advice(self) -> pd.DataFrame:
        """What to use, as people read it: a row a model and task.

        Empty where what test items add is not worked out, so that evidence would look surer than
        it is: of many groups, and of dev scores; and where differences are to another baseline.
        """
        chosen = self.settings
        if not self._few or (chosen.split, chosen.baseline) != ("test", BASELINE):
            return pd.DataFrame()
        return readable_each(recommend_each(self.table))

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables as people read them by their headings, those that say something."""
        found = {"Groups of runs": self.readable}
        if len(self.advice):
            found["What to use, by these runs and the papers' rules"] = self.advice
        if len(more := details(self.table)):
            found["More of each contrast"] = more
        known = self.ledger
        if len(known) and known["published"].notna().any():
            known = known[known["published"].notna()]
            found["Beside published numbers"] = ledger.readable(known)
        return found

    @property
    def figures(self) -> dict[str, Callable[[], go.Figure]]:
        """What draws each figure, by the name of its file, the one that is shown first in front."""
        split = self.settings.split
        return {
            "points": lambda: point_figure(self._arranged, split),
            "forest": lambda: forest_figure(self._with_blocks(with_learning(self.table))),
            "slopes": lambda: slope_figure(self._with_blocks(self.pairs), self.settings.baseline),
            "best-of": lambda: best_of_figure(self._arranged, split),
            "variance": lambda: parts_figure(self._arranged, split),
            "learning-rate": lambda: sensitivity_figure(self._arranged, "learning_rate", split),
            "train-size": lambda: sensitivity_figure(self._arranged, "train_size", split),
            "losses": self._draw_losses,
        }

    @cached_property
    def _arranged(self) -> pd.DataFrame:
        return arranged(self.runs)

    def _with_blocks(self, table: pd.DataFrame) -> pd.DataFrame:
        blocks = self._arranged.drop_duplicates("group").set_index("group")["block"]
        return table.assign(block=table["group"].map(blocks))

    def _draw_losses(self) -> go.Figure:
        """Read the losses of the blocks that are drawn, and of no other: they are long."""
        blocks, left_out = drawn_blocks(self._arranged)
        runs = self._arranged[self._arranged["block"].isin(blocks)]
        # Imported runs have no log of their steps here.
        known = set(self.store.run_ids())
        logs = losses_table(self.store, [run for run in runs["run"] if run in known])
        return loss_band_figure(logs.merge(runs[["run", "block"]], on="run"), left_out)
