"""Carrying out a declared study: plan it, tune, report, and say what was found.

Whatever is interrupted, the same line goes on: each stage is a row of stored sweeps, and what they
have finished is the only state.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import pandas as pd

from workbench.analysis.looks import LOOKS
from workbench.analysis.summary import csv
from workbench.execution.progress import Progress
from workbench.execution.sweep import run_missing
from workbench.protocol import choice, price
from workbench.protocol.contrasts import contrasts
from workbench.protocol.deciding import missing, undecidable
from workbench.protocol.declaration import AUTO, Declaration
from workbench.protocol.evidence import evidence
from workbench.protocol.progress_line import ProgressLine
from workbench.protocol.record import amendments, declared_at, record
from workbench.protocol.report import NO_PICTURES, Findings, opening
from workbench.protocol.sections import Candidate
from workbench.protocol.stages import (
    REPORTING,
    TUNING,
    Machine,
    Part,
    Place,
    assignment,
    first_candidates,
    parts,
    reporting_trials,
    tuning_trials,
)
from workbench.store.atomic import make_folder, write_text
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings, outputs_folder
from workbench.store.table import runs_table


@dataclass(frozen=True)
class StageProgress:
    """How far one sweep of a stage is."""

    stage: str
    number: int
    of: int
    sweep: Progress

    def line(self) -> str:
        """Return the one line that is shown while a study runs."""
        return f"{self.stage}, sweep {self.number} of {self.of}: {self.sweep.line()}"


Show = Callable[[StageProgress], None]

_REPORTED = ["run", "dev", "test", "metric", "collapsed", "above_trivial"]


@dataclass(frozen=True)
class Conduct:
    """A declared study on this machine.

    Parameters
    ----------
    declaration
        What its file says.
    machine
        Where it trains.
    """

    declaration: Declaration
    machine: Machine = field(default=Machine())

    @cached_property
    def store(self) -> RunStore:
        """Where its runs are."""
        return RunStore(outputs_folder(SweepSettings(outputs=self.machine.outputs)))

    def plan(self) -> str:
        """Return what the study will take; nothing is trained and nothing is stored.

        Raises
        ------
        WorkbenchError
            For anything that would stop the study before it trains.
        """
        if self.declaration.not_testable:
            return opening(self.declaration)
        return f"{opening(self.declaration)}\n{self.price()}"

    def price(self) -> str:
        """Return what is left of the study will take, and what it can detect, in a few lines.

        Raises
        ------
        WorkbenchError
            As `plan` does.
        """
        self._check_rounds()
        tuning = self._tuning_parts(keep=False)
        settled = self._complete(tuning)
        chosen = self._chosen(tuning) if settled else first_candidates(self.declaration)
        reporting = self._reporting_parts(chosen, keep=False)
        prices = [
            price.price(self.store, stage, planned)
            for stage, planned in ((TUNING, tuning), (REPORTING, reporting))
        ]
        price.check_hours(prices, self.declaration)
        told = price.told(prices, self.declaration, settled)
        return "\n".join(filter(None, [told, price.detectable(self.declaration)]))

    def run(self, show: Show = lambda progress: None) -> Findings:
        """Train what is missing, stage by stage, and return what was found.

        Parameters
        ----------
        show
            Given the progress a few times a second.

        Raises
        ------
        WorkbenchError
            When the study cannot be answered here, or a worker failed; what is finished stays.
        KeyboardInterrupt
            When interrupted; the workers have saved checkpoints.
        """
        if self.declaration.not_testable:
            raise self.declaration.wrong("it is not testable, so there is nothing to run")
        self._check_rounds()
        record(self.store, self.declaration)
        tuning = self._tuning_parts()
        self._train(TUNING, tuning, show)
        chosen = self._chosen(tuning)
        if self.declaration.seeds == AUTO:
            reporting = self._rounds(chosen, show)
        else:
            reporting = self._reporting_parts(chosen)
            self._train(REPORTING, reporting, show)
        return self._found(tuning, reporting)

    def _check_rounds(self) -> None:
        """Refuse rounds of seeds that could decide nothing, before anything is tuned."""
        if self.declaration.seeds == AUTO and (reason := undecidable(self.declaration)):
            raise self.declaration.wrong(reason)

    def _rounds(self, chosen: dict[Place, Candidate], show: Show) -> list[Part]:
        """Train rounds of seeds until every contrast is decided or its budget is used.

        What a round adds follows from what has finished alone, so a study that was stopped goes on
        with the same rounds.

        Returns
        -------
        list of Part
            All that might have been trained; most seeds of it need not be there.
        """
        trials = reporting_trials(self.declaration, chosen)
        every = self._reporting_parts(chosen, keep=False, seeds=range(LOOKS[-1]))
        while wanted := missing(self._reported(every), self.declaration):
            for seeds, arms in wanted.items():
                round_ = [trial for trial in trials if trial.place in arms]
                where = (self.store, self.machine)
                self._train(
                    REPORTING, parts(self.declaration, REPORTING, round_, *where, seeds=seeds), show
                )
        return every

    def _reported(self, reporting: list[Part]) -> pd.DataFrame:
        """Return one row a finished run and arm."""
        purposes = assignment(reporting)
        results = runs_table(self.store, dict.fromkeys(purposes["run"]))[_REPORTED]
        return purposes.merge(results, on="run", how="inner", validate="m:1")

    @property
    def folder(self) -> Path:
        """Where the report's files lie."""
        return self.store.root / "reports" / self.declaration.name

    def save(self, findings: Findings, pictures: Mapping[str, str] = NO_PICTURES) -> Path:
        """Write tables, report and methods, and return the report's path.

        Parameters
        ----------
        findings
            What was found.
        pictures
            As for `Findings.illustrated`.
        """
        make_folder(self.folder)
        tables = {
            "candidates": findings.candidates,
            "runs": findings.runs,
            "contrasts": findings.contrasts,
        }
        for name, table in tables.items():
            write_text(self.folder / f"{name}.csv", csv(table))
        if findings.methods:
            write_text(self.folder / "methods.md", findings.methods.markdown)
        write_text(self.folder / "report.md", findings.illustrated(pictures))
        return self.folder / "report.md"

    def _tuning_parts(self, keep: bool = True) -> list[Part]:
        trials = tuning_trials(self.declaration)
        return parts(self.declaration, TUNING, trials, self.store, self.machine, keep)

    def _reporting_parts(
        self, chosen: dict[Place, Candidate], keep: bool = True, seeds: Sequence[int] = ()
    ) -> list[Part]:
        trials = reporting_trials(self.declaration, chosen)
        return parts(self.declaration, REPORTING, trials, self.store, self.machine, keep, seeds)

    def _complete(self, tuning: list[Part]) -> bool:
        return not any(self.store.missing(part.study.run_ids) for part in tuning)

    def _tuned(self, tuning: list[Part]) -> pd.DataFrame:
        """Return the tuning runs; of their results only dev is taken."""
        purposes = assignment(tuning)
        dev = runs_table(self.store, dict.fromkeys(purposes["run"]))[["run", "dev"]]
        return purposes.merge(dev, on="run", how="left", validate="m:1")

    def _chosen(self, tuning: list[Part]) -> dict[Place, Candidate]:
        if not self.declaration.tuned:
            return first_candidates(self.declaration)
        return choice.chosen(choice.candidates(self._tuned(tuning)))

    def _train(self, stage: str, planned: list[Part], show: Show) -> None:
        for number, part in enumerate(planned, start=1):
            where = partial(StageProgress, stage, number, len(planned))
            told = partial(_told, show, where)
            run_missing(self.store, part.study, self.machine.workers, told)

    def _found(self, tuning: list[Part], reporting: list[Part]) -> Findings:
        runs, tuned = self._reported(reporting), self._tuned(tuning)
        table = contrasts(runs, self.declaration)
        changed = amendments(self.store, self.declaration)
        notes = [*changed, *(note for part in reporting for note in part.study.notes)]
        declared = declared_at(self.store, self.declaration)
        found = evidence(self.store, self.declaration, tuned, runs, declared, changed)
        candidates = choice.candidates(tuned)
        return Findings(self.declaration, candidates, runs, table, notes, tuned, found)


def _told(show: Show, where: Callable[[Progress], StageProgress], progress: Progress) -> None:
    show(where(progress))


Save = Callable[[Conduct, Findings], Path]


def carry_out(
    declaration: Declaration,
    machine: Machine,
    dry_run: bool = False,
    save: Save = Conduct.save,
) -> None:
    """Run a declared study for a terminal: its plan, its progress, its tables.

    Parameters
    ----------
    declaration, machine
        As for `Conduct`.
    dry_run
        Only print the plan.
    save
        Writes the report, and returns its path.

    Raises
    ------
    WorkbenchError
        As `Conduct.plan` and `Conduct.run` do.
    """
    conduct = Conduct(declaration, machine)
    # At once: what follows needs data and checkpoints, which may not be there.
    print(opening(declaration), flush=True)
    if declaration.not_testable:
        return
    print(conduct.price(), flush=True)
    if dry_run:
        return
    line = ProgressLine()
    findings = conduct.run(lambda progress: line(progress.line()))
    line.clear()
    print(f"\n{findings.text}\nReport: {save(conduct, findings)}")
