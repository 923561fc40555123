"""Files of new text to read, and of what a saved model says of them.

A line is an example, counted from 1. No message holds any of the text.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.saved.predict import Example
from workbench.store.atomic import write_text

STANDARD = "-"
"""Stands for standard input."""


@dataclass(frozen=True)
class Texts:
    """Examples with the ids that a file of JSON lines may give them."""

    examples: list[Example]
    ids: list[Any]


def read_texts(path: str, inputs: str, json_lines: bool = False) -> Texts:
    """Read a file of text lines, of tab-separated pairs, or of JSON lines.

    Parameters
    ----------
    path
        A file, or ``-`` for standard input.
    inputs
        What the model takes: one of `workbench.saved.description.INPUTS`. A pair is two texts with
        a tab between; words are split at blanks.
    json_lines
        Whether lines are JSON objects, as in a file that ends in ``.jsonl``: with ``text``,
        ``first`` and ``second``, or ``tokens``, and an ``id`` where one is to be given back.

    Raises
    ------
    WorkbenchError
        When the file cannot be read, or a line is not of that form.
    """
    lines = _lines(path)
    if json_lines or path.endswith(".jsonl"):
        objects = [_object(path, number, line) for number, line in enumerate(lines, start=1)]
        examples = [_from_object(path, n, each, inputs) for n, each in enumerate(objects, start=1)]
        return Texts(examples, [each.get("id") for each in objects])
    examples = [
        _from_line(path, number, line, inputs) for number, line in enumerate(lines, start=1)
    ]
    return Texts(examples, [None] * len(lines))


def write_answers(
    answers: Sequence[dict[str, Any]], ids: Sequence[Any], path: str = "", tabs: bool = False
) -> None:
    """Write what a model said, one line an example in their order.

    Parameters
    ----------
    answers
        From `workbench.saved.predict.predict`.
    ids
        Of the examples; None for one without.
    path
        The file, written atomically; empty is standard output.
    tabs
        Whether to write a table with tabs, as into a file that ends in ``.tsv``.

    Raises
    ------
    WorkbenchError
        When the file cannot be written.
    """
    named = [
        ({} if id is None else {"id": id}) | each for id, each in zip(ids, answers, strict=True)
    ]
    rows = _table(named) if tabs or path.endswith(".tsv") else map(_json, named)
    text = "".join(f"{row}\n" for row in rows)
    if path:
        write_text(path, text)
    else:
        sys.stdout.write(text)


def _lines(path: str) -> list[str]:
    try:
        content = sys.stdin.buffer.read() if path == STANDARD else Path(path).read_bytes()
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise WorkbenchError(
            f"cannot read {path} ({reason}): give a file, or - for input"
        ) from None
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as problem:
        number = content[: problem.start].count(b"\n") + 1
        raise _bad(path, number, "the text is not UTF-8") from None
    # Not splitlines(): it also splits at characters that occur inside texts.
    return text.removesuffix("\n").split("\n") if text else []


def _object(path: str, number: int, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _bad(path, number, "it is not a JSON object")
    return found


_KEYS = {"text": ("text",), "pair": ("first", "second"), "words": ("tokens",)}


def _from_object(path: str, number: int, content: dict[str, Any], inputs: str) -> Example:
    if inputs == "words" and isinstance(content.get("text"), str) and content["text"].strip():
        return content["text"].split()
    values: list[Any] = [content.get(key) for key in _KEYS[inputs]]
    kind = list if inputs == "words" else str
    if not all(isinstance(value, kind) and value for value in values):
        keys = " and ".join(repr(key) for key in _KEYS[inputs])
        raise _bad(path, number, f"the model takes {keys}, which it does not hold")
    return values if inputs == "pair" else values[0]


def _from_line(path: str, number: int, line: str, inputs: str) -> Example:
    if not line.strip():
        raise _bad(path, number, "it is empty")
    if inputs == "words":
        return line.split()
    if inputs == "text":
        return line
    fields = line.split("\t")
    if len(fields) != 2 or not all(field.strip() for field in fields):
        raise _bad(path, number, "it is not two texts with one tab between, as this model takes")
    return fields


def _bad(path: str, number: int, problem: str) -> WorkbenchError:
    name = "standard input" if path == STANDARD else path
    return WorkbenchError(f"{name}, line {number}: {problem}; mend the line")


def _json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False)


def _table(answers: Sequence[dict[str, Any]]) -> list[str]:
    """Return a heading and a row for each answer, tabs between."""
    cells = [_cells(answer) for answer in answers]
    heading = list(dict.fromkeys(name for row in cells for name in row))
    rows = [[row.get(name, "") for name in heading] for row in cells]
    return ["\t".join(row) for row in ([heading, *rows] if cells else [])]


def _cells(answer: dict[str, Any]) -> dict[str, str]:
    shares = answer.get("probabilities")
    cells = {name: _cell(value) for name, value in answer.items() if name != "probabilities"}
    if isinstance(shares, dict):
        return cells | {f"p({label})": _cell(share) for label, share in shares.items()}
    return cells if shares is None else cells | {"probabilities": _cell(shares)}


def _cell(value: Any) -> str:
    """Write a value in a cell: parts of a list with blanks or bars between, no tab or line end."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        return " ".join(":".join(str(part) for part in each).rstrip(":") for each in value)
    if isinstance(value, list):
        labels = any(isinstance(each, str) and " " in each for each in value)
        return ("|" if labels else " ").join("" if each is None else str(each) for each in value)
    return str(value).replace("\t", " ").replace("\n", " ")
