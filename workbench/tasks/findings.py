"""Generated sentences: findings, drawn and written the same on every machine.

A finding says that a drug does something to a gene, in cells, in patients with a disease. It
becomes a sentence whose words know which slot they fill, and each generated task reads its label
off the slots.

All randomness comes from `random.Random.random` seeded by a text: its sequence is the same on every
machine and every version of Python.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from workbench.tasks import lexicon

Item = TypeVar("Item")
Words = list[tuple[str, str]]
"""A sentence: each word with the slot it fills, or with an empty slot."""


@dataclass(frozen=True)
class Finding:
    """What one sentence says; the fields are names of things in the lexicon's tables."""

    drug: tuple[str, ...]
    relation: str
    gene: tuple[str, ...]
    disease: tuple[str, ...]
    cell: tuple[str, ...]


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


TABLES: dict[str, Sequence[Any]] = {
    "drug": lexicon.DRUGS,
    "relation": tuple(lexicon.VERBS),
    "gene": lexicon.GENES,
    "disease": lexicon.DISEASES,
    "cell": lexicon.CELLS,
}
"""What each slot of a finding is drawn from."""


def draw_finding(draws: Draws) -> Finding:
    """Draw every slot of a finding."""
    return Finding(**{slot: draws.pick(table) for slot, table in TABLES.items()})


def write(finding: Finding, draws: Draws, difficulty: float) -> Words:
    """Write a finding as a sentence, plainly or, as often as `difficulty` says, otherwise."""
    template = draws.pick(TEMPLATES) if draws.chance(difficulty) else TEMPLATES[0]
    written = {slot: _name(finding, slot, draws, difficulty) for slot in TABLES}
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
