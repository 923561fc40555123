"""Every scheme means the same mentions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.tasks.own.description import SCHEMES
from workbench.tasks.own.schemes import BadTag, to_iob2

SAME = {
    "iob2": ["B-Drug", "I-Drug", "B-Drug", "O", "B-Gene", "B-Drug"],
    "iob1": ["I-Drug", "I-Drug", "B-Drug", "O", "I-Gene", "I-Drug"],
    "iobes": ["B-Drug", "E-Drug", "S-Drug", "O", "S-Gene", "S-Drug"],
}


def written(mentions, length, scheme):
    """Write mentions (first, end, type) in a scheme, straight from its definition."""
    tags = ["O"] * length
    for first, end, kind in mentions:
        last = end - 1
        touches = first > 0 and tags[first - 1].endswith(kind)
        for word in range(first, end):
            tags[word] = {
                "iob2": f"{'B' if word == first else 'I'}-{kind}",
                "iob1": f"{'B' if word == first and touches else 'I'}-{kind}",
                "iobes": f"{'SE'[first != last] if word == last else 'B' if word == first else 'I'}"
                f"-{kind}",
                "bare": kind,
            }[scheme]
    return tags


@st.composite
def sentences(draw, gap=0):
    """Draw mentions in order, at least ``gap`` words apart, and the sentence's length."""
    mentions, word = [], 0
    for _ in range(draw(st.integers(0, 4))):
        first = word + draw(st.integers(0, 2))
        end = first + draw(st.integers(1, 3))
        mentions.append((first, end, draw(st.sampled_from(["Drug", "Gene"]))))
        word = end + gap
    return mentions, word + draw(st.integers(1, 2))


@pytest.mark.parametrize("scheme", SAME)
def test_the_same_mentions(scheme):
    assert to_iob2(SAME[scheme], scheme) == SAME["iob2"]


@given(sentences(), st.sampled_from(["iob2", "iob1", "iobes"]))
def test_every_scheme_is_translated_back(sentence, scheme):
    assert to_iob2(written(*sentence, scheme), scheme) == written(*sentence, "iob2")


@given(sentences(gap=1))
def test_bare_tags_mean_mentions_that_do_not_touch(sentence):
    assert to_iob2(written(*sentence, "bare"), "bare") == written(*sentence, "iob2")


def test_bare_tags_that_touch_are_one_mention_unless_their_types_differ():
    assert to_iob2(["A", "A", "B", "O", "A"], "bare") == ["B-A", "I-A", "B-B", "O", "B-A"]


def test_letters_of_bilou_and_tags_without_a_type():
    assert to_iob2(["B", "I", "L", "U", "O"], "iobes") == ["B", "I", "I", "B", "O"]


@pytest.mark.parametrize(
    ("scheme", "tags", "word", "problem"),
    [
        ("iob2", ["O", "I-A"], 1, "none of its type is before it"),
        ("iob2", ["B-A", "I-B"], 1, "none of its type is before it"),
        ("iob2", ["I"], 0, "none of its type is before it"),
        ("iob2", ["O", "S-A"], 1, "neither O nor one of B, I"),
        ("iob2", ["Drug"], 0, "neither O nor one of B, I"),
        ("iob2", ["B-"], 0, "neither O nor one of B, I"),
        ("iob2", ["B-A", ""], 1, "neither O nor one of B, I"),
        ("iob1", ["B-A"], 0, "as in scheme iob2"),
        ("iob1", ["I-A", "B-B"], 1, "as in scheme iob2"),
        ("iobes", ["B-A", "O"], 1, "has no end"),
        ("iobes", ["B-A"], 0, "has no end"),
        ("iobes", ["O", "E-A"], 1, "has not begun"),
        ("iobes", ["B-A", "E-B"], 1, "has not begun"),
        ("bare", ["A", ""], 1, "empty"),
    ],
)
def test_what_a_scheme_does_not_allow_names_the_word(scheme, tags, word, problem):
    with pytest.raises(BadTag, match=problem) as refused:
        to_iob2(tags, scheme)
    assert refused.value.word == word


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_sentence_without_mentions(scheme):
    assert to_iob2(["O", "O"], scheme) == ["O", "O"]
