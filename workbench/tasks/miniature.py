"""Generated tasks: small, synthetic, and shaped like the real ones.

Every task is made from findings: a drug does something to a gene, in cells, in patients with a
disease. A finding becomes a sentence whose words know which slot they fill, and each task shape
reads its label off the slots, so a new shape needs a function that makes one unit and no grammar
of its own.

All randomness comes from `random.Random.random` seeded by a text (its sequence is the same on
every machine and every version of Python), one generator a unit: a larger training set starts
with the smaller one, and dev and test items do not depend on the size of the training set beyond
their number.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, TypeVar

from datasets import Dataset

from workbench.errors import WorkbenchError, unknown
from workbench.tasks import lexicon
from workbench.tasks.mention import BEGIN, INSIDE, OUTSIDE
from workbench.tasks.task import SPLITS

Item = TypeVar("Item")
Words = list[tuple[str, str]]
"""A sentence: each word with the slot it fills, or with an empty slot."""

LARGEST = 100_000


@dataclass(frozen=True)
class Settings:
    """What a generated task can be asked for; the defaults are left out of its name."""

    size: int = 64
    """Training units: pairs, documents or sentences."""
    noise: float = 0.0
    """Share of training units with a random label; dev and test are never noisy."""
    difficulty: float = 0.3
    """How often a thing goes by another name and a sentence is built another way, 0 to 1."""
    seed: int = 0

    @classmethod
    def parse(cls, task: str, text: str) -> "Settings":
        """Read ``size=64:noise=0.1``.

        Raises
        ------
        WorkbenchError
            For an unknown, repeated or malformed setting, or a value outside its range.
        """
        values: dict[str, Any] = {}
        for part in filter(None, text.split(":")):
            name, _, value = part.partition("=")
            if name not in _RANGES:
                raise unknown(f"setting of task {task!r}", name, _RANGES)
            if name in values:
                raise WorkbenchError(f"task {task!r} is given {name} twice: keep one of them")
            values[name] = _value(task, name, value)
        return cls(**values)

    def __str__(self) -> str:
        """Return the settings that differ from their defaults, in one order."""
        changed = [item.name for item in fields(self) if getattr(self, item.name) != item.default]
        return ":".join(f"{name}={_written(getattr(self, name))}" for name in changed)

    def units(self, split: str) -> int:
        """Return the number of units of a split.

        Dev has a quarter and test half the size of train, but at least 25 and 100 units: with
        fewer, the score would say more about the items than about the run.
        """
        return {"train": self.size, "dev": max(25, self.size // 4)}.get(
            split, max(100, self.size // 2)
        )


_RANGES: dict[str, tuple[type, float, float]] = {
    "size": (int, 1, LARGEST),
    "noise": (float, 0, 1),
    "difficulty": (float, 0, 1),
    "seed": (int, 0, 2**31 - 1),
}


def _value(task: str, name: str, text: str) -> int | float:
    kind, low, high = _RANGES[name]
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        number = "a whole number" if kind is int else "a number"
        raise WorkbenchError(
            f"{name}={text!r} of task {task!r} is not {number} from {low:g} to {high:.0f}"
        )
    return value


def _written(value: int | float) -> str:
    return repr(value).removesuffix(".0")


@dataclass(frozen=True)
class Finding:
    """What one sentence says; the fields are names of things in the lexicon's tables."""

    drug: tuple[str, ...]
    relation: str
    gene: tuple[str, ...]
    disease: tuple[str, ...]
    cell: tuple[str, ...]


COMPARED = ("drug", "relation", "gene", "disease")
"""The slots whose agreement is the similarity of two sentences."""

AGREEMENTS = (0, 0, 1, 2, 3, 4, 4)
"""How many slots agree: the ends twice as often, or 64 pairs would teach a small model little."""

TEMPLATES = (
    "{drug} {relation} {gene} in {cell} in {disease} .",
    "in {disease} , {drug} {relation} {gene} in {cell} .",
    "in {cell} , {drug} {relation} {gene} during {disease} .",
    "in this {disease} model , {drug} {relation} {gene} .",
)
"""Ways to say a finding; the first is the plain one."""


class Draws:
    """Random draws that are the same on every machine, addressed by a text."""

    def __init__(self, *address: object):
        self.address = "/".join(map(str, address))
        self._random = random.Random(self.address).random

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self._random() < probability

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of the items, each as likely as any."""
        return items[int(self._random() * len(items))]

    def other(self, items: Sequence[Item], item: Item) -> Item:
        """Return one of the items that is not this one."""
        return self.pick([candidate for candidate in items if candidate != item])

    def sample(self, items: Sequence[Item], count: int) -> list[Item]:
        """Return distinct items in random order."""
        return sorted(items, key=lambda _: self._random())[:count]


_TABLES: dict[str, Sequence[Any]] = {
    "drug": lexicon.DRUGS,
    "relation": tuple(lexicon.VERBS),
    "gene": lexicon.GENES,
    "disease": lexicon.DISEASES,
    "cell": lexicon.CELLS,
}


def draw_finding(draws: Draws) -> Finding:
    """Draw every slot of a finding."""
    return Finding(**{slot: draws.pick(table) for slot, table in _TABLES.items()})


def write(finding: Finding, draws: Draws, difficulty: float) -> Words:
    """Write a finding as a sentence, plainly or, as often as `difficulty` says, otherwise."""
    template = draws.pick(TEMPLATES) if draws.chance(difficulty) else TEMPLATES[0]
    written = {slot: _name(finding, slot, draws, difficulty) for slot in _TABLES}
    words: Words = []
    for part in template.split():
        slot = part.strip("{}") if part.startswith("{") else ""
        words += [(word, slot) for word in (written[slot] if slot else part).split()]
    return words


def _name(finding: Finding, slot: str, draws: Draws, difficulty: float) -> str:
    value = getattr(finding, slot)
    choices = lexicon.VERBS[value] if slot == "relation" else value
    return draws.pick(choices) if draws.chance(difficulty) else choices[0]


def text(words: Words) -> str:
    """Return a sentence as text, its words separated by spaces."""
    return " ".join(word for word, _ in words)


def similarity(draws: Draws, settings: Settings, noise: float) -> list[dict[str, Any]]:
    """Make one pair of sentences; its score is the number of `COMPARED` slots that agree."""
    first = draw_finding(draws)
    agree = draws.pick(AGREEMENTS)
    differing = draws.sample(COMPARED, len(COMPARED) - agree)
    changes = {slot: draws.other(_TABLES[slot], getattr(first, slot)) for slot in differing}
    second = replace(first, **changes)
    sentences = [text(write(one, draws, settings.difficulty)) for one in (first, second)]
    score = draws.pick(AGREEMENTS) if draws.chance(noise) else agree
    return [{"sentence1": sentences[0], "sentence2": sentences[1], "score": float(score)}]


def document(draws: Draws, settings: Settings, noise: float) -> list[dict[str, Any]]:
    """Make the sentences of one document, most of them about its few hallmarks, some about none."""
    topics = draws.sample(tuple(lexicon.PHRASES), draws.pick(TOPICS)) or [""]
    kinds = [draws.pick(topics) if draws.chance(0.8) else "" for _ in range(draws.pick((2, 3, 4)))]
    sentences = [_outcome_sentence(kind, draws, settings.difficulty) for kind in kinds]
    every = ("", *lexicon.PHRASES)
    kinds = [draws.pick(every) if draws.chance(noise) else kind for kind in kinds]
    return [
        {"text": sentence, "labels": [int(label == kind) for label in lexicon.PHRASES]}
        | {"document": draws.address}
        for sentence, kind in zip(sentences, kinds, strict=True)
    ]


TOPICS = (0, 1, 1, 1, 1, 2)
"""How many hallmarks a document is about."""


def _outcome_sentence(kind: str, draws: Draws, difficulty: float) -> str:
    """Write a finding in which two outcomes of this kind stand for the gene."""
    direct, indirect = lexicon.PHRASES.get(kind, (lexicon.NEUTRAL, lexicon.NEUTRAL))
    first = draws.pick(direct)
    second = draws.other(indirect if draws.chance(difficulty) else direct, first)
    relation = draws.pick(("inhibition", "activation", "independence"))
    finding = replace(draw_finding(draws), gene=(f"{first} and {second}",), relation=relation)
    return text(write(finding, draws, difficulty))


def mention(draws: Draws, settings: Settings, noise: float) -> list[dict[str, Any]]:
    """Make one tagged sentence; a word before the disease is part of its mention or not."""
    words = write(draw_finding(draws), draws, settings.difficulty)
    if draws.chance(settings.difficulty):
        first = next(place for place, (_, slot) in enumerate(words) if slot == "disease")
        inside = draws.chance(0.5)
        before = draws.pick(lexicon.COURSES if inside else lexicon.DEGREES)
        words.insert(first, (before, "disease" if inside else ""))
    tags = _disease_tags(words)
    if draws.chance(noise):
        tags = draws.sample([BEGIN] + [OUTSIDE] * (len(words) - 1), len(words))
    return [{"words": [word for word, _ in words], "tags": tags}]


def _disease_tags(words: Words) -> list[int]:
    before = [slot for _, slot in [("", ""), *words]]
    return [
        OUTSIDE if slot != "disease" else INSIDE if previous == "disease" else BEGIN
        for previous, (_, slot) in zip(before, words, strict=False)
    ]


MAKERS: dict[str, Callable[[Draws, Settings, float], list[dict[str, Any]]]] = {
    "similarity": similarity,
    "document": document,
    "mention": mention,
}
"""How a unit of each shape is made; the noise is given apart because dev and test have none."""


@lru_cache(maxsize=16)
def generate(shape: str, settings: Settings) -> dict[str, Dataset]:
    """Generate the splits of a task.

    Parameters
    ----------
    shape
        A key of `MAKERS`.
    settings
        Size, noise, difficulty and seed.

    Returns
    -------
    dict of str to datasets.Dataset
        The same records that the real task's reader returns.
    """
    return {split: Dataset.from_list(_records(shape, settings, split)) for split in SPLITS}


def _records(shape: str, settings: Settings, split: str) -> list[dict[str, Any]]:
    noise = settings.noise if split == "train" else 0.0
    units = [Draws(shape, settings.seed, split, unit) for unit in range(settings.units(split))]
    return [record for draws in units for record in MAKERS[shape](draws, settings, noise)]
