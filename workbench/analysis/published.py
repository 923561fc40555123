"""Reported numbers to measure a result against.

The packaged ``published.csv`` holds what the papers print, one number a row. Its models and tasks
are spelled as there; this module maps the names used here onto them. Of the two generations of
PubMedBERT numbers in circulation the later one is used (JNLPBA 79.10, GAD 83.96, score 81.16).
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

TASK_TITLES = {
    "bc5-chem": "BC5-chem",
    "bc5-disease": "BC5-disease",
    "ncbi-disease": "NCBI-disease",
    "bc2gm": "BC2GM",
    "jnlpba": "JNLPBA",
    "ebm-pico": "EBM PICO",
    "chemprot": "ChemProt",
    "ddi": "DDI",
    "gad": "GAD",
    "biosses": "BIOSSES",
    "hoc": "HoC",
    "pubmedqa": "PubMedQA",
    "bioasq": "BioASQ",
}
"""The tasks of BLURB: our name and the name in the table."""

_GU = ("Gu et al. 2020, arXiv:2007.15779", "Table 6")
_LINKBERT = ("LinkBERT, arXiv:2203.15827", "Table 7")

_ROWS = {
    "bert": (*_GU, "BERT-base uncased"),
    "roberta": (*_GU, "RoBERTa-base cased"),
    "biobert": (*_GU, "BioBERT v1.1 cased"),
    "scibert": (*_GU, "SciBERT uncased"),
    "clinicalbert": (*_GU, "ClinicalBERT (Bio+Clinical) cased"),
    "bluebert": (*_GU, "BlueBERT"),
    "pubmedbert": (*_GU, "PubMedBERT uncased (abstracts)"),
    "biolinkbert": (*_LINKBERT, "BioLinkBERT-base"),
    "biolinkbert-large": (*_LINKBERT, "BioLinkBERT-large"),
}

_FULLTEXT = ("Gu et al. 2020, arXiv:2007.15779", "Table 10", "PubMedBERT (abstracts+PMC)")
_INDUS = ("INDUS, arXiv:2405.10725", "Table 4")
_INDUS_NAMES = {
    "roberta": "RoBERTa-base",
    "scibert": "SciBERT",
    "pubmedbert": "PubMedBERT",
    "biolinkbert": "BioLinkBERT-base",
}
_CELLS = (
    *_ROWS.items(),
    ("pubmedbert-fulltext", _FULLTEXT),
    *((model, (*_INDUS, name)) for model, name in _INDUS_NAMES.items()),
)
"""Our name of a model, and the rows of it in tables of which each number is of that model."""

_READINGS = {_GU[0]: "hoc", _LINKBERT[0]: "hoc:abstracts"}
"""How a paper reads HoC, by our name of the task; of the others it is not known."""

_MANY_SEEDS = ("BIOSSES", "BioASQ", "PubMedQA")

DEFAULT_MODEL = "pubmedbert"
"""Whose numbers serve a model that has none of its own."""


@dataclass(frozen=True)
class Yardstick:
    """A published score."""

    value: float
    """Times 100, as printed."""
    model: str
    """The model as the paper names it, which may not be the one that was trained."""
    source: str
    """Paper and table."""
    note: str
    """What the paper says about the number, such as the seeds behind it."""

    @property
    def label(self) -> str:
        """Model and value, such as ``"PubMedBERT uncased (abstracts) 92.30"``."""
        return f"{self.model} {self.value:.2f}"


def published(task: str, model: str) -> Yardstick | None:
    """Return the published score of a model on a task.

    Parameters
    ----------
    task
        Our name; options after a colon are ignored. HoC has two readings: Gu et al. classify
        sentences, LinkBERT whole abstracts.
    model
        Short name. A model without numbers of its own gets those of Gu et al.'s PubMedBERT,
        labelled so.

    Returns
    -------
    Yardstick or None
        None for a task outside BLURB, such as a generated one.
    """
    title = TASK_TITLES.get(task.partition(":")[0])
    if title is None:
        return None
    paper, table, name = _ROWS.get(model, _ROWS[DEFAULT_MODEL])
    numbers = published_table()
    rows = numbers[
        (numbers["paper"] == paper)
        & (numbers["table"] == table)
        & (numbers["model"] == name)
        & (numbers["task"] == title)
    ]
    row = rows.iloc[0]
    return Yardstick(float(row["mean"]), name, f"{paper}, {table}", row["note"])


@dataclass(frozen=True)
class Cell:
    """A published number of one model itself, with what is known of how sure it is."""

    paper: str
    table: str
    model: str
    """As the paper names it."""
    mean: float
    """Times 100, as printed."""
    sd: float | None
    """Over seeds, times 100; None where it is not reported."""
    seeds: int | None
    """Runs behind it; None where they are not reported."""


def cells(task: str, model: str) -> list[Cell]:
    """Return every published number that runs of standard fine-tuning can be compared with.

    Parameters
    ----------
    task
        Our canonical name. Of HoC a number counts for the reading that its paper is known to have:
        sentences (``hoc``) for Gu et al., whole abstracts (``hoc:abstracts``) for LinkBERT.
    model
        Short name; unlike in `published`, none stands in for another.

    Returns
    -------
    list of Cell
        Those of Gu et al. 2020, LinkBERT and INDUS for this model; empty for any other.
    """
    base, title = task.partition(":")[0], TASK_TITLES.get(task.partition(":")[0])
    numbers = published_table()
    found = []
    for ours, (paper, table, name) in _CELLS:
        if ours != model or title is None or (base == "hoc" and _READINGS.get(paper) != task):
            continue
        here = (numbers["paper"] == paper) & (numbers["table"] == table)
        rows = numbers[here & (numbers["model"] == name) & (numbers["task"] == title)]
        found += [_cell(row, title) for row in rows.to_dict("records")]
    return found


def _cell(row: dict[Hashable, Any], title: str) -> Cell:
    sd = None if pd.isna(row["std"]) else float(row["std"])
    seeds = None
    if row["paper"] == _GU[0]:
        seeds = 10 if title in _MANY_SEEDS else 5
    elif row["paper"] == _INDUS[0]:
        seeds = 10
    return Cell(row["paper"], row["table"], row["model"], float(row["mean"]), sd, seeds)


@cache
def published_table() -> pd.DataFrame:
    """Read every reported number: paper, table, model, task, technique, metric, mean, std, ..."""
    with (files("workbench.analysis") / "published.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, keep_default_na=True).fillna({"note": ""})
