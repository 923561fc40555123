"""PubMedQA (Jin et al. 2019), split as BLURB does: fold 0 of its authors' ten, and their test set.

The long answer is the conclusion that was removed from the abstract; it is never read.
"""

import csv
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from datasets import Dataset

from workbench.errors import WorkbenchError

QUESTIONS, TEST = "ori_pqal.json", "test_ground_truth.json"


@lru_cache
def fold() -> dict[str, tuple[str, ...]]:
    """Return the PMIDs of train and dev, in the order of the authors' lists."""
    with Path(__file__).with_name("pubmedqa_fold0.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    return {
        split: tuple(row["pmid"] for row in rows if row["split"] == split)
        for split in ("train", "dev")
    }


def read_pubmedqa(paths: dict[str, Path], labels: tuple[str, ...]) -> dict[str, Dataset]:
    """Read the questions of every split; contexts are joined by a space.

    Parameters
    ----------
    paths
        Of the files `QUESTIONS` and `TEST`.
    labels
        The answers.

    Raises
    ------
    WorkbenchError
        When a file is no JSON, or lacks a question of a split or a part of one.
    """
    questions, test = _object(paths[QUESTIONS]), _object(paths[TEST])
    splits: dict[str, Iterable[str]] = {**fold(), "test": test}
    return {
        split: Dataset.from_list(
            [_record(paths[QUESTIONS], questions, pmid, labels) for pmid in of]
        )
        for split, of in splits.items()
    }


def _object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise _unlike(path, "it is no JSON") from error
    if not isinstance(content, dict) or not content:
        raise _unlike(path, "it is no object with an entry for each PMID")
    return content


def _record(
    path: Path, questions: dict[str, Any], pmid: str, labels: tuple[str, ...]
) -> dict[str, Any]:
    entry = questions.get(pmid)
    if not isinstance(entry, dict):
        raise _unlike(path, f"PMID {pmid} is missing")
    question, contexts, answer = map(entry.get, ("QUESTION", "CONTEXTS", "final_decision"))
    if not isinstance(contexts, list) or not all(isinstance(x, str) for x in (question, *contexts)):
        raise _unlike(path, f"PMID {pmid} has no QUESTION or no list of CONTEXTS")
    if answer not in labels:
        raise _unlike(path, f"the final_decision of PMID {pmid} is not {', '.join(labels)}")
    return {"question": question, "context": " ".join(contexts), "label": labels.index(answer)}


def _unlike(path: Path, problem: str) -> WorkbenchError:
    return WorkbenchError(f"{path} is damaged, {problem}: replace the file with the original")
