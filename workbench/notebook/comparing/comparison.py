"""A comparison of finished runs: its tables, sentences and figures, each made when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import pandas as pd
import plotly.graph_objects as go

from workbench.comparison.best import best
from workbench.comparison.gathering import gather
from workbench.comparison.overview import overview
from workbench.comparison.pairs import pairs
from workbench.comparison.sentence import in_words
from workbench.comparison.settings import CompareSettings
from workbench.comparison.table import compare
from workbench.comparison.verdicts import verdicts
from workbench.notebook.comparing.best_of import best_of_figure
from workbench.notebook.comparing.blocks import arranged, in_order
from workbench.notebook.comparing.forest import forest_figure
from workbench.notebook.comparing.losses import drawn_blocks, loss_band_figure
from workbench.notebook.comparing.points import point_figure
from workbench.notebook.comparing.readable import marked, readable
from workbench.notebook.comparing.sensitivity import sensitivity_figure
from workbench.notebook.comparing.slopes import slope_figure
from workbench.store.folder import RunStore
from workbench.store.settings import outputs_folder
from workbench.store.table import losses_table


class Comparison:
    """What finished runs say.

    Nothing is read or computed before it is asked for, and then once.

    Parameters
    ----------
    settings
        Which runs, compared how.

    Raises
    ------
    WorkbenchError
        When the outputs folder cannot be used.
    """

    def __init__(self, settings: CompareSettings):
        self.settings = settings
        self.store = RunStore(outputs_folder(settings))

    @cached_property
    def _gathered(self):
        return gather(self.store, self.settings)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of how the runs were gathered, in sentences."""
        return tuple(self._gathered.notes)

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a run that fits the filters."""
        return in_order(self._gathered.runs, self.settings.baseline)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a group, raw scale."""
        chosen = self.settings
        return compare(
            self.runs, baseline=chosen.baseline, family=chosen.family, split=chosen.split
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
    def sentences(self) -> str:
        """What the table says, as a list in Markdown."""
        found = [*overview(self.table, self.pairs), *verdicts(self.table)]
        return in_words(found)

    @property
    def figures(self) -> dict[str, Callable[[], go.Figure]]:
        """What draws each figure, by the name of its file, the one that is shown first in front."""
        split = self.settings.split
        return {
            "points": lambda: point_figure(self._arranged, split),
            "forest": lambda: forest_figure(self._with_blocks(self.table)),
            "slopes": lambda: slope_figure(self._with_blocks(self.pairs), self.settings.baseline),
            "best-of": lambda: best_of_figure(self._arranged, split),
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
