"""A comparison of finished runs: its tables, sentences and figures, each made when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import pandas as pd
import plotly.graph_objects as go

from workbench.comparison.best import best
from workbench.comparison.filtering import filtered
from workbench.comparison.gathering import Gathered, gather
from workbench.comparison.overview import overview
from workbench.comparison.pairs import pairs
from workbench.comparison.sentence import Sentence
from workbench.comparison.settings import CompareSettings
from workbench.comparison.table import compare
from workbench.comparison.verdicts import verdicts
from workbench.notebook.comparing.best_of import best_of_figure
from workbench.notebook.comparing.blocks import arranged
from workbench.notebook.comparing.forest import forest_figure
from workbench.notebook.comparing.losses import drawn_blocks, loss_band_figure
from workbench.notebook.comparing.parts import parts_figure
from workbench.notebook.comparing.points import point_figure
from workbench.notebook.comparing.readable import marked, readable
from workbench.notebook.comparing.sensitivity import sensitivity_figure
from workbench.notebook.comparing.slopes import slope_figure
from workbench.store.folder import RunStore
from workbench.store.settings import outputs_folder
from workbench.store.table import losses_table
from workbench.wording import counted

MOST_FOR_ITEMS = 50
"""Groups: the predictions of every run are read and drawn from, a second for a few of them."""

MOST_TOLD = 20
"""Contrasts that sentences are written about."""


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
        few = self._arranged["group"].nunique() <= MOST_FOR_ITEMS
        return compare(
            self.runs,
            baseline=chosen.baseline,
            family=chosen.family,
            split=chosen.split,
            items=self._gathered.items if few and len(self.runs) else None,
        )

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
        return [*overview(self.table, self.pairs), *verdicts(self.table)]

    @property
    def said(self) -> list[str]:
        """The notes, and the sentences that do not only say what is expected.

        Of many contrasts the first are told of; the table and its CSV hold them all.
        """
        told = [each for each in self.sentences if not each.expected]
        groups = list(dict.fromkeys(each.group for each in told if each.group))
        left_out = set(groups[MOST_TOLD:])
        texts = [each.text for each in told if each.group not in left_out]
        if left_out:
            texts.append(
                f"{counted(len(left_out), 'more contrast')} stand in the table alone: filter to "
                "read of them in sentences."
            )
        return [*self.notes, *texts]

    @property
    def figures(self) -> dict[str, Callable[[], go.Figure]]:
        """What draws each figure, by the name of its file, the one that is shown first in front."""
        split = self.settings.split
        return {
            "points": lambda: point_figure(self._arranged, split),
            "forest": lambda: forest_figure(self._with_blocks(self.table)),
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
