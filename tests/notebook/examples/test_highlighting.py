import re
from html.parser import HTMLParser

import pytest

from workbench.notebook.examples.highlighting import (
    STYLE,
    Passage,
    Piece,
    Segmentation,
    highlighted,
    listed,
    marked,
    tagged,
)
from workbench.tasks.mention import Mention
from workbench.tasks.tagging import Words

B, I, O = range(3)  # noqa: E741
BOUNDARY = '<i aria-hidden="true"></i>'
CUT = '<del title="cut off">'


class Reader(HTMLParser):
    """Collects the text and the elements, and checks that they nest."""

    def __init__(self, html):
        super().__init__()
        self.text, self.open, self.seen = "", [], []
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(
    ("words", "tags", "expected"),
    [
        ("a b", [O, O], "a b"),
        ("a b c", [O, B, I], "a <mark>b c</mark>"),
        ("a b", [B, B], "<mark>a</mark> <mark>b</mark>"),
        ("( A - T ) .", [O, B, I, I, O, O], "( <mark>A - T</mark> ) ."),
        ("p ( q ) , r", [B, I, I, I, O, B], "<mark>p ( q )</mark> , <mark>r</mark>"),
        ("a b c", [I, O, I], "<mark>a</mark> b <mark>c</mark>"),
        ("", [], ""),
    ],
)
def test_tags_become_mentions(words, tags, expected):
    assert highlighted(tagged(words.split(), tags, Mention())) == expected


def test_words_keep_their_places():
    assert tagged(["ab", "(", "c"], [O, O, B], Mention()).words == ((0, 2), (3, 4), (5, 6))


@pytest.mark.parametrize(
    ("pieces", "kept", "expected"),
    [
        # A boundary stands only inside a word: here before "in" and the comma.
        ([(0, 2), (2, 4), (4, 5), (6, 7)], 4, f"as{BOUNDARY}in{BOUNDARY}, x"),
        ([(0, 4), (4, 5), (6, 7)], 2, f"asin{BOUNDARY}, {CUT}x</del>"),
        ([(0, 2), (2, 4), (4, 5), (6, 7)], 1, f"as{CUT}{BOUNDARY}in{BOUNDARY}, x</del>"),
        ([(0, 7)], 0, f"{CUT}asin, x</del>"),
        (
            [(0, 4), (4, 5), (6, 7, True)],
            3,
            f'asin{BOUNDARY}, <span class="wb-unknown">x<sub>[UNK]</sub></span>',
        ),
        ([], 0, "asin, x"),
    ],
)
def test_word_pieces(pieces, kept, expected):
    segmentation = Segmentation(tuple(Piece(*piece) for piece in pieces), kept)
    assert highlighted(Passage("asin, x"), segmentation) == expected


def test_a_mention_that_is_cut_off_in_the_middle_stays_one():
    passage = tagged(["ab", "cd"], [B, I], Mention())
    pieces = Segmentation((Piece(0, 2), Piece(3, 4), Piece(4, 5)), kept=1)
    assert highlighted(passage, pieces) == f"<mark>ab {CUT}c{BOUNDARY}d</del></mark>"


@pytest.mark.parametrize("text", ["<script>x</script>", "a & b", "\"'<img onerror=x>", "é≤5"])
@pytest.mark.parametrize("kept", [0, 2, 9])
def test_whatever_is_in_a_text_stays_text(text, kept):
    pieces = tuple(Piece(i, i + 1) for i in range(len(text)))
    passage = Passage(text, mentions=((0, 2), (2, len(text))))
    read = Reader(highlighted(passage, Segmentation(pieces, kept)))
    assert read.text == text
    assert set(read.seen) <= {"mark", "del", "i"}
    assert read.seen.count("mark") == 2


def test_labels_are_escaped_and_their_absence_is_said():
    assert "<li>a &lt; b</li>" in listed(["a < b"])
    assert Reader(listed([])).text == "no label"


def test_every_rule_of_the_style_stays_inside_the_page():
    selectors = re.findall(r"^(.+?) \{", STYLE, flags=re.MULTILINE)
    assert all(
        part.strip().startswith(".wb-examples") for line in selectors for part in line.split(",")
    )


def test_mentions_with_a_type_name_it():
    shape = Mention(("B-Gene", "I-Gene", "B-<b>", "I-<b>", "O"))
    html = highlighted(tagged(["a", "b", "c", "d"], [0, 1, 2, 4], shape))
    assert html == "<mark>a b<sub> Gene</sub></mark> <mark>c<sub> &lt;b&gt;</sub></mark> d"
    assert Reader(html).text == "a b Gene c <b> d"


def test_words_that_share_a_label_are_one_mention():
    shape = Words(("I-PAR", "I-INT", "O"))
    html = highlighted(tagged(["a", "b", "c"], [0, 0, 1], shape))
    assert html == "<mark>a b<sub> PAR</sub></mark> <mark>c<sub> INT</sub></mark>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a @GENE$ in @DISEASE$.", "a <mark>@GENE$</mark> in <mark>@DISEASE$</mark>."),
        ("@CHEM-GENE$", "<mark>@CHEM-GENE$</mark>"),
        ("a@b.org costs 5$", "a@b.org costs 5$"),
    ],
)
def test_what_stands_for_an_entity_is_marked(text, expected):
    assert highlighted(marked(text)) == expected
