"""Ways to tag mentions, and their one translation: IOB2.

IOB2 (Tjong Kim Sang & Veenstra 1999, "Representing Text Chunks"): B opens every mention, I goes on.
IOB1 (Ramshaw & Marcus 1995): B opens a mention only where it touches another of its type before.
IOBES: E ends a mention and S is one of a single word; L and U (BILOU) are read as these. Bare tags
name the type alone, so that touching mentions of one type are one.

A tag is ``O``, a prefix, or a prefix, a hyphen and a type: ``B``, ``I-Disease``.
"""

from collections.abc import Callable, Sequence

OUTSIDE = "O"
PREFIXES = {"iob2": "BI", "iob1": "BI", "iobes": "BIESLU"}


class BadTag(ValueError):
    """A tag that its scheme does not allow there; its text never quotes the tag.

    Attributes
    ----------
    word
        The position of the word in its sentence.
    """

    def __init__(self, word: int, problem: str):
        super().__init__(problem)
        self.word = word


def to_iob2(tags: Sequence[str], scheme: str) -> list[str]:
    """Translate the tags of a sentence.

    Parameters
    ----------
    tags
        One for each word.
    scheme
        ``iob2``, ``iob1``, ``iobes`` or ``bare``.

    Raises
    ------
    BadTag
        When a tag is not of the scheme, or goes on with a mention that has not begun.

    Examples
    --------
    >>> to_iob2(["I-Drug", "B-Drug", "O", "I-Gene"], "iob1")
    ['B-Drug', 'B-Drug', 'O', 'B-Gene']
    >>> to_iob2(["Drug", "Drug", "O"], "bare")
    ['B-Drug', 'I-Drug', 'O']
    """
    return _TRANSLATIONS[scheme](tags)


def _parts(tags: Sequence[str], scheme: str) -> list[tuple[str, str]]:
    """Divide tags into prefix and the rest (hyphen and type)."""
    for word, tag in enumerate(tags):
        prefix, hyphen, kind = tag[:1], tag[1:2], tag[2:]
        shaped = hyphen == "" or (hyphen == "-" and kind)
        if tag != OUTSIDE and not (prefix and prefix in PREFIXES[scheme] and shaped):
            letters = ", ".join(PREFIXES[scheme])
            raise BadTag(word, f"the tag is neither O nor one of {letters} with or without a type")
    return [(tag[:1], tag[1:]) for tag in tags]


def _iob2(tags: Sequence[str]) -> list[str]:
    before = (OUTSIDE, "")
    for word, part in enumerate(_parts(tags, "iob2")):
        if part[0] == "I" and (before[0] == OUTSIDE or before[1] != part[1]):
            raise BadTag(
                word, "the tag I goes on with a mention, but none of its type is before it"
            )
        before = part
    return list(tags)


def _iob1(tags: Sequence[str]) -> list[str]:
    translated = []
    before = (OUTSIDE, "")
    for word, (prefix, kind) in enumerate(_parts(tags, "iob1")):
        touches = before[0] != OUTSIDE and before[1] == kind
        if prefix == "B" and not touches:
            raise BadTag(
                word, "the tag B opens a mention that touches none of its type, as in scheme iob2"
            )
        opens = prefix == "I" and not touches
        translated.append(f"B{kind}" if opens else prefix + kind)
        before = (prefix, kind)
    return translated


def _iobes(tags: Sequence[str]) -> list[str]:
    translated, open_kind = [], None
    for word, (letter, kind) in enumerate(_parts(tags, "iobes")):
        prefix = {"L": "E", "U": "S"}.get(letter, letter)
        goes_on = prefix in "IE"
        if goes_on != (open_kind is not None) or (goes_on and open_kind != kind):
            raise BadTag(word, "a mention goes on that has not begun, or one before it has no end")
        open_kind = kind if prefix in "BI" else None
        translated.append({"E": "I", "S": "B"}.get(prefix, prefix) + kind)
    if open_kind is not None:
        raise BadTag(len(tags) - 1, "the last mention of the sentence has no end")
    return translated


def _bare(tags: Sequence[str]) -> list[str]:
    translated, before = [], OUTSIDE
    for word, tag in enumerate(tags):
        if not tag:
            raise BadTag(word, "the tag is empty")
        prefix = "I" if tag == before else "B"
        translated.append(OUTSIDE if tag == OUTSIDE else f"{prefix}-{tag}")
        before = tag
    return translated


_TRANSLATIONS: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "iob2": _iob2,
    "iob1": _iob1,
    "iobes": _iobes,
    "bare": _bare,
}
