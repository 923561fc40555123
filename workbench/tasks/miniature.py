"""Generated tasks: small, synthetic, and shaped like the real ones.

Every task is made from findings (see `findings`), and each task shape reads its label off their
slots, so a new shape needs a function that makes one unit and no grammar of its own.

Each unit has random draws of its own: a larger training set starts with the smaller one, and dev
and test items do not depend on the size of the training set beyond their number.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from datasets import Dataset

from workbench.errors import WorkbenchError, unknown
from workbench.tasks import lexicon
from workbench.tasks.findings import TABLES, Draws, Words, draw_finding, text, write
from workbench.tasks.mention import BEGIN, INSIDE, OUTSIDE
from workbench.tasks.task import SPLITS
from workbench.tasks.units import DOCUMENT

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


COMPARED = ("drug", "relation", "gene", "disease")
"""The slots whose agreement is the similarity of two sentences."""

AGREEMENTS = (0, 0, 1, 2, 3, 4, 4)
"""How many slots agree: the ends twice as often, or 64 pairs would teach a small model little."""


def similarity(draws: Draws, settings: Settings, noise: float) -> list[dict[str, Any]]:
    """Make one pair of sentences; its score is the number of `COMPARED` slots that agree."""
    first = draw_finding(draws)
    agree = draws.pick(AGREEMENTS)
    differing = draws.sample(COMPARED, len(COMPARED) - agree)
    changes = {slot: draws.other(TABLES[slot], getattr(first, slot)) for slot in differing}
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
    _precede_disease(words, draws, settings.difficulty)
    tags = _disease_tags(words)
    if draws.chance(noise):
        tags = draws.sample([BEGIN] + [OUTSIDE] * (len(words) - 1), len(words))
    return [{"words": [word for word, _ in words], "tags": tags}]


def _precede_disease(words: Words, draws: Draws, difficulty: float) -> None:
    """Put a word before the disease as often as `difficulty` says: a part of it or not."""
    if draws.chance(difficulty):
        first = next(place for place, (_, slot) in enumerate(words) if slot == "disease")
        inside = draws.chance(0.5)
        before = draws.pick(lexicon.COURSES if inside else lexicon.DEGREES)
        words.insert(first, (before, "disease" if inside else ""))


def _disease_tags(words: Words) -> list[int]:
    before = [slot for _, slot in [("", ""), *words]]
    return [
        OUTSIDE if slot != "disease" else INSIDE if previous == "disease" else BEGIN
        for previous, (_, slot) in zip(before, words, strict=False)
    ]


RELATIONS = ("none", "inhibition", "activation", "binding")
"""What a drug does to a gene, as the classes of pairs."""


def relation(draws: Draws, settings: Settings, noise: float) -> list[dict[str, Any]]:
    """Make one sentence with a marked drug and gene; another gene may stand beside the marked."""
    finding = replace(draw_finding(draws), drug=("@CHEMICAL$",), gene=("@GENE$",))
    kind = finding.relation if finding.relation in RELATIONS else RELATIONS[0]
    if draws.chance(settings.difficulty):
        other = draws.pick(lexicon.GENES)[0]
        spared = draws.chance(0.5)
        names = (other, "@GENE$") if spared else ("@GENE$", other)
        finding = replace(finding, gene=(" but not ".join(names),), relation=_affecting(draws))
        kind = RELATIONS[0] if spared else finding.relation
    sentence = text(write(finding, draws, settings.difficulty))
    label = draws.pick(RELATIONS) if draws.chance(noise) else kind
    return [{"text": sentence, "label": RELATIONS.index(label)}]


ANSWERS = ("yes", "no", "maybe")


def question(draws: Draws, settings: Settings, noise: float) -> list[dict[str, Any]]:
    """Make a question whether a drug affects a gene, and a context that answers it."""
    answer = draws.pick(ANSWERS)
    finding = replace(
        draw_finding(draws), relation="independence" if answer == "no" else _affecting(draws)
    )
    said = text(write(finding, draws, settings.difficulty))
    context = [f"it is unclear whether {said}" if answer == "maybe" else said]
    if draws.chance(settings.difficulty):
        other = replace(draw_finding(draws), drug=draws.other(lexicon.DRUGS, finding.drug))
        context = draws.sample([*context, text(write(other, draws, settings.difficulty))], 2)
    asked = f"does {finding.drug[0]} affect {finding.gene[0]} ?"
    label = draws.pick(ANSWERS) if draws.chance(noise) else answer
    return [{"question": asked, "context": " ".join(context), "label": ANSWERS.index(label)}]


def _affecting(draws: Draws) -> str:
    return draws.pick(RELATIONS[1:])


PICO_TAGS = ("I-PAR", "I-INT", "I-OUT", "O")
"""Participants, intervention, outcome, and words of none, as EBM PICO tags them."""

_ELEMENTS = {"disease": 0, "drug": 1, "gene": 2}
"""Which tag the words of a slot have."""


def pico(draws: Draws, settings: Settings, noise: float) -> list[dict[str, Any]]:
    """Make the two sentences of an abstract: patients, a drug, and the outcome in a gene's place.

    A word before the disease is part of the participants or not.
    """
    sentences = [_outcome_of_patients(draws, settings.difficulty) for _ in range(2)]
    tags = [[_ELEMENTS.get(slot, len(_ELEMENTS)) for _, slot in words] for words in sentences]
    if draws.chance(noise):
        tags = [draws.sample(line, len(line)) for line in tags]
    return [
        {"words": [word for word, _ in words], "tags": line, DOCUMENT: draws.address}
        for words, line in zip(sentences, tags, strict=True)
    ]


def _outcome_of_patients(draws: Draws, difficulty: float) -> Words:
    finding = replace(draw_finding(draws), gene=(draws.pick(lexicon.NEUTRAL),))
    words = write(finding, draws, difficulty)
    _precede_disease(words, draws, difficulty)
    return words


MAKERS: dict[str, Callable[[Draws, Settings, float], list[dict[str, Any]]]] = {
    "similarity": similarity,
    "document": document,
    "mention": mention,
    "relation": relation,
    "question": question,
    "pico": pico,
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
