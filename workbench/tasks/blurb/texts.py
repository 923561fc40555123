"""The tables of texts: sentence pairs, documents, relations and questions."""

import re
from collections.abc import Iterable
from pathlib import Path

from datasets import Dataset

from workbench.tasks.document import Document
from workbench.tasks.table import damaged, rows
from workbench.tasks.units import DOCUMENT, SOURCE

SCORES = (0.0, 4.0)
"""The lowest and highest score of BIOSSES (Sogancioglu et al. 2017)."""


def read_similarity(path: Path) -> Dataset:
    """Read BIOSSES: the header ``pair_id sent1 sent2 score``.

    Raises
    ------
    WorkbenchError
        When the file is damaged or a score is not a number from 0 to 4.
    """
    records: dict[str, list] = {"sentence1": [], "sentence2": [], "score": []}
    for number, (_, first, second, score) in rows(path, ("pair_id", "sent1", "sent2", "score")):
        records["sentence1"].append(first)
        records["sentence2"].append(second)
        records["score"].append(_number(path, number, score))
    return Dataset.from_dict(records)


def read_documents(path: Path, labels: tuple[str, ...], option: str) -> Dataset:
    """Read HoC: the header ``labels sentence index``; ``abstracts`` joins a document's sentences.

    Raises
    ------
    WorkbenchError
        When the file is damaged, or a row's labels or index are not of the known form.
    """
    records: dict[str, list] = {"text": [], "labels": [], DOCUMENT: []}
    for number, (given, sentence, index) in rows(path, ("labels", "sentence", "index")):
        records["text"].append(sentence)
        records["labels"].append(_label_set(path, number, given, len(labels)))
        records[DOCUMENT].append(_document(path, number, index))
    sentences = Dataset.from_dict(records)
    return Document(labels).join(sentences) if option == "abstracts" else sentences


def read_relations(path: Path, labels: tuple[str, ...]) -> Dataset:
    """Read ChemProt or DDI: no header, an id, a sentence and a label.

    An id begins with the document: ``10471277.T1.T2``, ``DDI-DrugBank.d519.s3.p0``.

    Raises
    ------
    WorkbenchError
        When the file is damaged or a label is unknown.
    """
    found = list(rows(path, ("id", "sentence", "label"), header=False))
    sources = [re.sub(r"^(\d+|[\w-]+\.d\d+)\..*", r"\1", name) for _, (name, _, _) in found]
    return _classified(path, found, labels).add_column(SOURCE, sources)


def read_associations(path: Path, labels: tuple[str, ...]) -> Dataset:
    """Read GAD: the header ``index sentence label``.

    Raises
    ------
    WorkbenchError
        When the file is damaged or a label is unknown.
    """
    return _classified(path, rows(path, ("index", "sentence", "label")), labels)


def read_questions(path: Path, labels: tuple[str, ...]) -> Dataset:
    """Read BioASQ: no header, an id, a question, its context and the answer.

    Raises
    ------
    WorkbenchError
        When the file is damaged or an answer is unknown.
    """
    records: dict[str, list] = {"question": [], "context": [], "label": []}
    columns = ("id", "question", "context", "answer")
    for number, (_, question, context, answer) in rows(path, columns, header=False):
        records["question"].append(question)
        records["context"].append(context)
        records["label"].append(_label(path, number, answer, labels))
    return Dataset.from_dict(records)


def _classified(
    path: Path, found: Iterable[tuple[int, list[str]]], labels: tuple[str, ...]
) -> Dataset:
    records: dict[str, list] = {"text": [], "label": []}
    for number, (_, sentence, label) in found:
        records["text"].append(sentence)
        records["label"].append(_label(path, number, label, labels))
    return Dataset.from_dict(records)


def _label(path: Path, line: int, text: str, labels: tuple[str, ...]) -> int:
    if text not in labels:
        raise damaged(path, line, f"the label {text!r} is not one of {', '.join(labels)}")
    return labels.index(text)


def _number(path: Path, line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise damaged(path, line, f"the score {text!r} is not a number") from error
    low, high = SCORES
    if not low <= value <= high:
        raise damaged(path, line, f"the score {text} is not between {low:g} and {high:g}")
    return value


def _label_set(path: Path, line: int, text: str, count: int) -> list[int]:
    cells = text.split(",")
    expected = [{f"{label}_0", f"{label}_1"} for label in range(count)]
    if len(cells) != len(expected) or not all(map(set.__contains__, expected, cells)):
        known = f"0_0 or 0_1 to {count - 1}_0 or {count - 1}_1 in order"
        raise damaged(path, line, f"the labels {text!r} are not {known}")
    return [int(cell[-1]) for cell in cells]


def _document(path: Path, line: int, index: str) -> str:
    match = re.fullmatch(r"(\d+)_s\d+", index)
    if match is None:
        raise damaged(path, line, f"the index {index!r} is not of the form <PMID>_s<number>")
    return match[1]
