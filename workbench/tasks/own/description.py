"""What a task file says: a YAML file that maps a user's data to a task.

A task file is data, and nothing in it can run code: a metric that is a function is named by an
entry point of an installed package (`workbench.tasks.own.scoring`), never by a module or a path.
"""

import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path

from workbench.errors import WorkbenchError, unknown
from workbench.tasks.task import SPLITS

CLASSIFICATION, MULTI_LABEL, REGRESSION, TOKENS = KINDS = (
    "classification",
    "multi-label",
    "regression",
    "tokens",
)
METRICS: dict[str, tuple[str, ...]] = {
    CLASSIFICATION: ("macro_f1", "micro_f1", "accuracy"),
    MULTI_LABEL: ("micro_f1", "macro_f1"),
    REGRESSION: ("pearson", "spearman"),
    TOKENS: ("entity_f1",),
}
"""What each kind can be scored by, its default first."""

FORMATS = ("csv", "tsv", "jsonl", "conll", "datasets", "hub")
SCHEMES = ("iob2", "iob1", "iobes", "bare")
# No codec that keeps state from one line to the next, or that is no text at all.
ENCODINGS = ("utf-8", "latin-1", "windows-1252")

HUB = "hub:"
"""What stands before a dataset's name on the hub."""

_ENDINGS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".conll": "conll"}


def _help(text: str) -> dict[str, str]:
    """Say what a setting is, for people."""
    return {"help": text}


def _twice(names: tuple[str, ...]) -> bool:
    return len(set(names)) < len(names)


def _metrics() -> str:
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in METRICS.items())


@dataclass(frozen=True)
class Columns:
    """Which column holds what: a name, or in CoNLL files a number from 0 (-1 is the last)."""

    text: str = field(default="text", metadata=_help("the text"))
    second: str = field(default="", metadata=_help("the second text of a pair"))
    label: str | tuple[str, ...] = field(
        default="label",
        metadata=_help("the label, the labels, or the score; a list of columns that hold 0 or 1"),
    )
    words: str | int = field(default="words", metadata=_help("the words of a sentence"))
    tags: str | int = field(default="tags", metadata=_help("the tag of each word"))
    id: str = field(default="", metadata=_help("a name for each row, which may occur once"))
    document: str = field(default="", metadata=_help("the document a row belongs to"))


@dataclass(frozen=True)
class Split:
    """How splits are made that the data does not have: drawn from train."""

    dev: float = field(default=0.1, metadata=_help("the share that becomes dev"))
    test: float = field(default=0.2, metadata=_help("the share that becomes test"))
    seed: int = field(default=0, metadata=_help("which draw"))
    group: str = field(
        default="",
        metadata=_help(
            "a column whose rows of one value stay together; empty is that of the document"
        ),
    )
    stratify: bool = field(
        default=True, metadata=_help("whether each label has its share in each split")
    )


@dataclass(frozen=True)
class Start:
    """Where training starts at one size of model; 0 is the workbench's own number."""

    batch_size: int = field(
        default=0, metadata=_help("examples in a step; 0 is the workbench's own")
    )
    learning_rate: float = field(
        default=0.0, metadata=_help("peak learning rate; 0 is the workbench's own")
    )
    epochs: int = field(
        default=0, metadata=_help("passes over the training data; 0 is the workbench's own")
    )


@dataclass(frozen=True)
class Recipes:
    """Where training starts, by the size of the model."""

    small: Start = field(default=Start(), metadata=_help("for models smaller than BERT-base"))
    base: Start = field(default=Start(), metadata=_help("for models of the size of BERT-base"))
    large: Start = field(default=Start(), metadata=_help("for models of the size of BERT-large"))


@dataclass(frozen=True)
class Description:
    """A user's task, as its file describes it.

    Raises
    ------
    WorkbenchError
        For a value that cannot work; the sentence names the task file.
    """

    path: Path
    """Of the task file, absolute; relative paths in it start from its folder."""
    name: str = field(metadata=_help("what it is called in studies, tables and file names"))
    kind: str = field(metadata=_help(", ".join(KINDS)))
    data: dict[str, str] = field(
        metadata=_help(
            "a file, a folder written by datasets' save_to_disk, or hub:owner/name@revision; or "
            "one for each of train, dev and test, of which train alone must be there"
        )
    )
    title: str = field(default="", metadata=_help("how people read its name; empty is the name"))
    format: str = field(
        default="", metadata=_help(f"{', '.join(FORMATS)}; empty is by the file's ending")
    )
    columns: Columns = field(default=Columns(), metadata=_help("which column holds what"))
    labels: tuple[str, ...] = field(
        default=(),
        metadata=_help(
            "every label in order (for tokens every type of mention); empty is those of train"
        ),
    )
    negative: tuple[str, ...] = field(
        default=(), metadata=_help('labels that F1 leaves out, such as "no relation"')
    )
    separator: str = field(
        default=";", metadata=_help("what stands between the labels of a multi-label cell")
    )
    scheme: str = field(
        default="iob2", metadata=_help(f"how mentions are tagged: {', '.join(SCHEMES)}")
    )
    quotes: bool | None = field(
        default=None,
        metadata=_help("whether quotes around a field are markup: yes for CSV and no for TSV"),
    )
    encoding: str = field(default="utf-8", metadata=_help(f"of the files: {', '.join(ENCODINGS)}"))
    split: Split = field(default=Split(), metadata=_help("how missing splits are made"))
    metric: str = field(
        default="",
        metadata=_help(
            f"{_metrics()}; or the name of an entry point in the group workbench.metrics; empty is "
            "the first of its kind"
        ),
    )
    max_length: int = field(default=512, metadata=_help("word pieces an input is cut to"))
    recipes: Recipes = field(
        default=Recipes(), metadata=_help("batch size, learning rate and epochs by size of model")
    )

    def __post_init__(self) -> None:
        for name, words in {
            "kind": KINDS,
            "format": ("", *FORMATS),
            "scheme": SCHEMES,
            "encoding": ENCODINGS,
        }.items():
            if getattr(self, name) not in words:
                raise self.wrong(str(unknown(name, getattr(self, name), filter(None, words))))
        for problem in self._problems():
            raise self.wrong(problem)

    def _problems(self) -> Iterator[str]:
        """Yield what cannot work."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", self.name):
            yield f"the name {self.name!r} must be of up to 60 letters, digits, - and _"
        if "train" not in self.data:
            yield "data has no train: name a file for it"
        if not 0 < self.split.dev < 1 or not 0 < self.split.test < 1:
            yield "the shares dev and test of split must lie between 0 and 1"
        if self.split.dev + self.split.test >= 1:
            yield "the shares dev and test of split leave nothing for train: make them smaller"
        if self.max_length < 4:
            yield "max_length must be at least 4 word pieces"
        if any(min(astuple(start)) < 0 for start in vars(self.recipes).values()):
            yield "the numbers of recipes must be above 0, or 0 for the workbench's own"
        if not self.columns.text and self.kind != TOKENS:
            yield "columns.text is empty: name the column"
        if not self.separator and self.kind == MULTI_LABEL:
            yield "separator is empty: write what stands between the labels of a cell"
        if self.columns.second and self.kind == TOKENS:
            yield "tokens are those of one sentence, not of a pair: leave columns.second out"
        yield from self._problems_of_labels()

    def _problems_of_labels(self) -> Iterator[str]:
        if _twice(self.labels):
            yield "labels names one twice: name each once"
        if len(self.labels) == 1 and self.kind == CLASSIFICATION:
            yield "labels names one alone, which leaves nothing to tell apart: name the others"
        if self.labels and self.kind == REGRESSION:
            yield "a regression has no labels: leave them out"
        if self.negative and self.kind != CLASSIFICATION:
            yield f"negative is for classification, not for {self.kind}: leave it out"
        if self.labels and not set(self.negative) < set(self.labels):
            yield "negative must name some of labels, but not all"
        if isinstance(self.columns.label, tuple) and self.kind != MULTI_LABEL:
            yield f"a list in columns.label is for multi-label, not {self.kind}: name one column"
        if not self.columns.label:
            yield "columns.label is empty: name the column"
        if isinstance(self.columns.label, tuple) and _twice(self.columns.label):
            yield "columns.label names a column twice: name each once"

    def wrong(self, problem: str) -> WorkbenchError:
        """Build the sentence for something in the task file."""
        return WorkbenchError(f"the task file {self.path}: {problem}")

    def source(self, split: str) -> Path | str:
        """Return where a split is: a path, or ``hub:owner/name``."""
        text = self.data[split]
        return text if text.startswith(HUB) else self.path.parent / Path(text).expanduser()

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that the data has."""
        return tuple(split for split in SPLITS if split in self.data)

    @property
    def label(self) -> str:
        """The column of the label, where it is one column."""
        assert isinstance(self.columns.label, str)
        return self.columns.label

    @property
    def group(self) -> str:
        """The column whose rows of one value go to one split; empty where there is none."""
        return self.split.group or self.columns.document

    def format_of(self, split: str) -> str:
        """Return the format of a split's file.

        Raises
        ------
        WorkbenchError
            When the file's ending does not tell.
        """
        source = self.source(split)
        if isinstance(source, str):
            return "hub"
        if self.format or source.is_dir():
            return self.format or "datasets"
        ending = source.suffix.lower()
        if ending not in _ENDINGS:
            known = ", ".join(_ENDINGS)
            raise self.wrong(f"the ending of {source.name} is none of {known}: add format")
        return _ENDINGS[ending]
