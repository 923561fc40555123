"""The methods section of a declared study: text for a paper, and the same facts as a table.

Every fact is read from the runs on record, or from the declaration that was recorded when they were
trained.
"""

from dataclasses import dataclass

import pandas as pd

from workbench.analysis.summary import markdown
from workbench.protocol import methods_rule, methods_study, methods_training
from workbench.protocol.evidence import Evidence
from workbench.protocol.methods_training import Statement

_PARAGRAPHS = (
    (methods_training.data, methods_training.checkpoints),
    (methods_training.arms, methods_training.training),
    (methods_study.tuning, methods_study.reporting),
    (methods_rule.deciding, methods_rule.items),
    (
        methods_study.effort,
        methods_study.failures,
        methods_study.amendments,
        methods_study.software,
    ),
)


@dataclass(frozen=True)
class Methods:
    """How a study was done.

    Attributes
    ----------
    paragraphs
        What is said of one subject after another.
    """

    paragraphs: tuple[tuple[Statement, ...], ...]

    @property
    def text(self) -> str:
        """Paragraphs with a blank line between."""
        return "\n\n".join(
            " ".join(statement.sentences for statement in paragraph)
            for paragraph in self.paragraphs
        )

    @property
    def table(self) -> pd.DataFrame:
        """``fact`` and ``value``, strings."""
        statements = [each for paragraph in self.paragraphs for each in paragraph]
        rows = [row for statement in statements for row in statement.rows]
        return pd.DataFrame(rows, columns=["fact", "value"])

    @property
    def markdown(self) -> str:
        """Text and table."""
        return f"{self.text}\n\n{markdown(self.table)}"


def methods(found: Evidence) -> Methods:
    """Write the methods section of a study whose runs are finished."""
    return Methods(
        tuple(
            tuple(statement for subject in subjects for statement in subject(found))
            for subjects in _PARAGRAPHS
        )
    )
