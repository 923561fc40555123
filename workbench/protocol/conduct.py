"""Carrying out a declared study: plan it, tune, report, and say what was found.

Whatever is interrupted, the same line goes on: each stage is a row of stored sweeps, and what they
have finished is the only state.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
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
from workbench.protocol.deciding import affordable, missing, undecidable
from workbench.protocol.declaration import AUTO, Declaration
from workbench.protocol.detectable import detectable
from workbench.protocol.evidence import evidence
from workbench.protocol.items import TaskItems
from workbench.protocol.progress_line import ProgressLine
from workbench.protocol.record import amendments, declared_at, record
from workbench.protocol.report import NO_PICTURES, Findings, opening
from workbench.protocol.results import dev_of_chosen, dev_scores, reported
from workbench.protocol.sections import NEW, THESE, Candidate
from workbench.protocol.stages import (
    REPORTING,
    TUNING,
    Machine,
    Part,
    Place,
    first_candidates,
    parts,
    reporting_trials,
    tuning_trials,
)
from workbench.store.atomic import make_folder, write_text
from workbench.store.folder import RunStore
from workbench.store.seal import seal, unseal
from workbench.store.settings import SweepSettings, outputs_folder
from workbench.tasks.catalogue import shown


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

    @cached_property
    def tested(self) -> TaskItems | None:
        """What the test items add to the error; None where claims are about these items alone."""
        return TaskItems(self.store) if self.declaration.contrast.items == NEW else None

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
        next_, every = self._left(chosen)
        before = price.price(self.store, TUNING, tuning)
        most = price.price(self.store, REPORTING, every)
        least = most if next_ is every else price.price(self.store, REPORTING, next_)
        price.check_hours([before, most], self.declaration)
        told = price.told([before, least], [before, most], self.declaration, settled)
        dev = dev_of_chosen(self.store, [*tuning, *every], chosen)
        return "\n".join(filter(None, [told, detectable(self.declaration, dev)]))

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
        seal(self.store, self.declaration.name)
        tuning = self._tuning_parts()
        self._train(TUNING, tuning, show)
        chosen = self._chosen(tuning)
        if self.declaration.seeds == AUTO:
            reporting = self._rounds(chosen, show)
        else:
            reporting = self._reporting_parts(chosen)
            self._train(REPORTING, reporting, show)
        found = self._found(tuning, reporting)
        unseal(self.store, self.declaration.name)
        return found

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
        every = self._every_round(chosen)
        while planned := self._next_round(chosen, every):
            for sweeps in planned:
                self._train(REPORTING, sweeps, show)
        return every

    def _every_round(self, chosen: dict[Place, Candidate]) -> list[Part]:
        return self._reporting_parts(chosen, keep=False, seeds=range(LOOKS[-1]))

    def _next_round(
        self, chosen: dict[Place, Candidate], every: list[Part], keep: bool = True
    ) -> list[list[Part]]:
        """Return the sweeps of the next round, those of equal seeds together."""
        wanted = missing(reported(self.store, every), self.declaration, self.tested)
        return [self._reporting_parts(chosen, keep, seeds, arms) for seeds, arms in wanted.items()]

    def _left(self, chosen: dict[Place, Candidate]) -> tuple[list[Part], list[Part]]:
        """Return what is to be reported: at least, and at most; they differ for rounds of seeds."""
        if self.declaration.seeds != AUTO:
            return (planned := self._reporting_parts(chosen, keep=False)), planned
        rounds = self._next_round(chosen, self._every_round(chosen), keep=False)
        least = [part for sweeps in rounds for part in sweeps]
        undecided = {trial.place for part in least for same in part.trials for trial in same}
        seeds = range(affordable(self.declaration))
        return least, self._reporting_parts(chosen, False, seeds, undecided)

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
        self,
        chosen: dict[Place, Candidate],
        keep: bool = True,
        seeds: Sequence[int] = (),
        arms: Collection[Place] | None = None,
    ) -> list[Part]:
        """Plan what is reported: everything, or some seeds of some arms."""
        trials = reporting_trials(self.declaration, chosen)
        trials = [trial for trial in trials if arms is None or trial.place in arms]
        return parts(self.declaration, REPORTING, trials, self.store, self.machine, keep, seeds)

    def _complete(self, tuning: list[Part]) -> bool:
        return not any(self.store.missing(part.study.run_ids) for part in tuning)

    def _chosen(self, tuning: list[Part]) -> dict[Place, Candidate]:
        if not self.declaration.tuned:
            return first_candidates(self.declaration)
        return choice.chosen(choice.candidates(dev_scores(self.store, tuning)))

    def _train(self, stage: str, planned: list[Part], show: Show) -> None:
        for number, part in enumerate(planned, start=1):
            where = partial(StageProgress, stage, number, len(planned))
            told = partial(_told, show, where)
            run_missing(self.store, part.study, self.machine.workers, told)

    def _found(self, tuning: list[Part], reporting: list[Part]) -> Findings:
        runs, tuned = reported(self.store, reporting), dev_scores(self.store, tuning)
        table = contrasts(runs, self.declaration, self.tested)
        changed = amendments(self.store, self.declaration)
        notes = changed + self._unknown_items(table)
        notes += [note for part in reporting for note in part.study.notes]
        declared = declared_at(self.store, self.declaration)
        found = evidence(
            self.store, self.declaration, tuned, runs, declared, changed, table["items"]
        )
        candidates = choice.candidates(tuned)
        return Findings(self.declaration, candidates, runs, table, notes, tuned, found)

    def _unknown_items(self, table: pd.DataFrame) -> list[str]:
        """Say why contrasts are about these test items that were to be about new ones."""
        if self.tested is None or not (table["items"] == THESE).any():
            return []
        return [
            f"On {shown(task)} not every contrast is about new test items, because {reason}."
            for task, reason in self.tested.unknown.items()
        ]


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
