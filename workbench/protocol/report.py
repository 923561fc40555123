"""The text of a declared study: what it is going to do, what was chosen, what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from textwrap import fill
from types import MappingProxyType

import pandas as pd

from workbench.analysis.summary import aligned, markdown, percent
from workbench.models.catalogue import BUNDLED
from workbench.protocol.contrasts import readable, verdicts
from workbench.protocol.declaration import NOT_TESTABLE, Declaration
from workbench.protocol.evidence import Evidence
from workbench.protocol.methods import Methods, methods
from workbench.protocol.sections import THESE, Seeds
from workbench.wording import counted

TERMINAL_WIDTH = 100
"""Columns to which sentences are broken for a terminal."""

NO_PICTURES: Mapping[str, str] = MappingProxyType({})


def opening(declaration: Declaration) -> str:
    """Return the first lines: the question, the arms, the data, how candidates are chosen."""
    lines = [f"Study {declaration.name}: {declaration.question}"]
    if declaration.not_testable:
        return "\n".join([*lines, f"{NOT_TESTABLE}: {declaration.not_testable}"])
    lines += [_arm(declaration, arm) for arm in declaration.arms]
    lines += [_data(declaration, task) for task in declaration.tasks]
    return "\n".join([*lines, _tuning(declaration), _reported(declaration)])


def _arm(declaration: Declaration, arm: str) -> str:
    candidates = declaration.candidates(arm)
    techniques = " or ".join(dict.fromkeys(each.technique for each in candidates))
    rates = " or ".join(dict.fromkeys(rate(each.learning_rate) for each in candidates))
    baseline = declaration.baselines.get(arm)
    against = f", against {baseline}" if baseline else ""
    return f"Arm {arm}: {declaration.model_of(arm)}, {techniques} at {rates}{against}"


def rate(learning_rate: float) -> str:
    """Write a learning rate; 0 stands for the task's own.

    Examples
    --------
    >>> rate(2e-05), rate(0.0)
    ('2e-05', "the task's own rate")
    """
    return f"{learning_rate:g}" if learning_rate else "the task's own rate"


def _data(declaration: Declaration, task: str) -> str:
    data = declaration.tasks[task]
    sizes = ", ".join(str(size) if size else "all" for size in dict.fromkeys(data.train_size))
    drawn = len(data.subset_seeds)
    return f"Task {task}, training data: {sizes}" + (f", drawn {drawn} times" if drawn > 1 else "")


def _tuning(declaration: Declaration) -> str:
    if not declaration.tuned:
        return (
            "Not tuned: each arm has one candidate, which is unfair to an arm that wants another "
            "learning rate."
        )
    number = len(declaration.candidates(next(iter(declaration.arms))))
    return (
        f"Tuned: {number} candidates an arm, by the mean dev score over "
        f"{_seeds(declaration.tuning.seeds, 'tuning ')}."
    )


def _reported(declaration: Declaration) -> str:
    to_tune, to_report = declaration.runs
    return f"Reported: {_seeds(declaration.seeds)}. Runs: {to_tune} to tune, {to_report} to report."


def _seeds(seeds: Seeds, kind: str = "") -> str:
    if isinstance(seeds, str):
        return "seeds until it is decided"
    return counted(seeds if isinstance(seeds, int) else len(seeds), f"{kind}seed")


def candidate_table(table: pd.DataFrame) -> pd.DataFrame:
    """Format what `workbench.protocol.choice.candidates` returned: strings only."""
    rows = [
        {
            "task": row["task"],
            "train size": str(row["train_size"] or "all"),
            "arm": row["arm"],
            "technique": row["technique"],
            "learning rate": rate(row["learning_rate"]),
            "runs": str(row["runs"]),
            "mean dev \N{MULTIPLICATION SIGN}100": percent(row["dev"]),
            "sd": percent(row["dev_sd"]) if row["runs"] > 1 else "",
            "": "chosen" if row["chosen"] else "",
        }
        for row in table.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _wrapped(text: str) -> str:
    return fill(text, TERMINAL_WIDTH, break_on_hyphens=False)


@dataclass(frozen=True)
class Findings:
    """What a declared study came to.

    Attributes
    ----------
    declaration
        What was asked.
    candidates
        From `workbench.protocol.choice.candidates`; empty where nothing was to choose.
    runs
        One row a reported run and arm.
    contrasts
        From `workbench.protocol.contrasts.contrasts`.
    notes
        What a reader must know of the data and the checkpoints, in sentences.
    tuned
        One row a tuning run and arm, with ``dev``.
    evidence
        What is on record of all runs; without it there is no methods section.
    """

    declaration: Declaration
    candidates: pd.DataFrame
    runs: pd.DataFrame
    contrasts: pd.DataFrame
    notes: Sequence[str] = ()
    tuned: pd.DataFrame = field(default_factory=pd.DataFrame)
    evidence: Evidence | None = None

    @cached_property
    def methods(self) -> Methods | None:
        """How the study was done, from what is on record."""
        return methods(self.evidence) if self.evidence else None

    @property
    def table(self) -> pd.DataFrame:
        """The contrasts as people read them."""
        return readable(self.contrasts, self.declaration.contrast.error)

    @property
    def caveats(self) -> list[str]:
        """What a reader must know, in sentences."""
        found = [*self.declaration.caveats, *self.notes]
        if BUNDLED in {self.declaration.model_of(arm) for arm in self.declaration.arms}:
            found.append(
                f"{BUNDLED} was trained for sentence similarity and lies outside the models of the "
                "published claims."
            )
        return list(dict.fromkeys(found))

    @property
    def verdicts(self) -> list[str]:
        """What each contrast means for the question, a sentence each."""
        return verdicts(self.contrasts, self.declaration.contrast.direction)

    @property
    def reading(self) -> str:
        """How the table of contrasts is to be read."""
        family = counted(len(self.contrasts), "contrast")
        confidence = f"{100 * (1 - self.declaration.contrast.error):g}%"
        return (
            f"The intervals hold together at {confidence} over {family}, and are {self._about}. "
            "Collapsed runs are in every mean; the two numbers are the arm's and the baseline's."
        )

    @property
    def _about(self) -> str:
        """Say what test items the intervals are about."""
        rows = self.contrasts.to_dict("records")
        told = "over the runs on these test items: they do not say how other items would turn out"
        these = [
            f"{row['arm']} against {row['baseline']} on {row['task']}"
            for row in rows
            if row["items"] == THESE
        ]
        if len(these) == len(rows):
            return told
        new = "for new test items like these, not for these alone"
        return f"{new}; but those of {', '.join(these)} are {told}" if these else new

    @property
    def text(self) -> str:
        """Candidates, contrasts and how to read them, for a terminal."""
        parts = [aligned(candidate_table(self.candidates))] if len(self.candidates) else []
        parts += [aligned(self.table), *self.verdicts]
        parts += ["", *map(_wrapped, [self.reading, *self.caveats])]
        return "\n".join(parts)

    @property
    def markdown(self) -> str:
        """The whole report as Markdown, without pictures."""
        return self.illustrated(NO_PICTURES)

    def illustrated(self, pictures: Mapping[str, str]) -> str:
        """Return the whole report as Markdown.

        Parameters
        ----------
        pictures
            What shows ``candidates``, ``contrasts`` and ``curves``, as Markdown; any may be absent.
        """
        parts = [f"# {self.declaration.question}", opening(self.declaration).replace("\n", "  \n")]
        if len(self.candidates):
            parts += ["## Candidates, on dev", markdown(candidate_table(self.candidates))]
            parts += [pictures.get("candidates", "")]
        parts += ["## Contrasts, on test", markdown(self.table), pictures.get("contrasts", "")]
        parts += [*self.verdicts, self.reading, *self.caveats]
        if "curves" in pictures:
            parts += ["## Learning curves, on test", pictures["curves"]]
        if self.methods:
            parts += ["## Methods", self.methods.markdown]
        return "\n\n".join(part.rstrip() for part in parts if part) + "\n"
