"""An own task's data, read once for as long as it stays the same, and the hash that names it."""

import hashlib
from functools import lru_cache
from pathlib import Path

from workbench.spec import canonical_json
from workbench.tasks import files
from workbench.tasks.own import stored
from workbench.tasks.own.reading import OwnData, read
from workbench.tasks.own.scoring import find_metric
from workbench.tasks.own.task_file import read_description


def load_own(path: Path) -> OwnData:
    """Read the data of a task file.

    Raises
    ------
    WorkbenchError
        For a task file or data that cannot be used; no sentence quotes a text.
    """
    description = read_description(path)
    contents = tuple(_content(description.source(split)) for split in description.splits)
    return _read(path, _content(path), contents)


def is_here(path: Path) -> bool:
    """Tell whether the data of a task file is on this machine, not a dataset of the hub.

    Raises
    ------
    WorkbenchError
        For a task file that cannot be used.
    """
    description = read_description(path)
    sources = map(description.source, description.splits)
    return all(isinstance(source, Path) or stored.is_cached(source) for source in sources)


def data_hash(data: OwnData) -> str:
    """Return the SHA-256, hexadecimal, of all that scores depend on.

    That is every record of every split (texts, labels, documents), the names of the labels, and
    the metric, with the version of the package that a function comes from. Whatever changes none
    of these is the same task: its title, another format of the files, a column that is not read.
    """
    found = data.description
    metric = find_metric(found.metric, found.kind)
    meaning = [found.kind, data.labels, found.negative, metric.name, metric.origin]
    return hashlib.sha256(canonical_json([meaning, _records_hash(data)]).encode()).hexdigest()


@lru_cache(maxsize=2)
def _records_hash(data: OwnData) -> str:
    digest = hashlib.sha256()
    for split, records in data.splits.items():
        digest.update(canonical_json([split, len(records)]).encode())
        # In parts, so that there is never a second copy of all text.
        for part in records.iter(1000):
            digest.update(canonical_json(part).encode())
    return digest.hexdigest()


@lru_cache(maxsize=2)
def _read(path: Path, task_file: str, contents: tuple[str, ...]) -> OwnData:
    """Read a task once in a process for as long as the contents of its files stay the same."""
    return read(read_description(path))


def _content(source: Path | str) -> str:
    """Return what names the content of a file, of all files of a folder, or of a hub's dataset."""
    if isinstance(source, str):
        return source
    found = sorted(source.rglob("*")) if source.is_dir() else [source]
    try:
        return " ".join(f"{path}={files.sha256(path)}" for path in found if path.is_file())
    except OSError:  # Whoever reads it says what is wrong.
        return ""
