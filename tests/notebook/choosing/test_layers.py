import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import pytest

from workbench.errors import WorkbenchError
from workbench.notebook.choosing import layers
from workbench.notebook.choosing.layers import TIMES, described, drawing, gallery, states
from workbench.techniques import Composition, Technique, parse

SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Odd(Technique):
    """Trains odd depths alone, twice as fast, and draws the embeddings anew."""

    name: ClassVar[str] = "odd"
    summary: ClassVar[str] = "odd"
    source: ClassVar[str] = "nobody 2000"

    def trains(self, depth, moment, anatomy):
        return depth % 2 == 1

    def rate(self, depth, moment, anatomy):
        return 2.0

    def initial(self, parameter, value, anatomy, draw):
        return draw(parameter) if parameter.kind == "norm" and parameter.depth == 1 else value


@pytest.mark.parametrize(
    ("technique", "words"),
    [
        ("baseline", ["trained"] * 4),
        ("longer:3+uncorrected", ["trained"] * 4),
        ("freeze:1", ["frozen", "frozen", "trained", "trained"]),
        ("freeze:0:cached", ["frozen, no dropout", "trained", "trained", "trained"]),
        ("reinit:1", ["trained", "trained", "re-initialised", "pooler re-initialised"]),
        # Zhang et al.'s convention: 0.5 ** 3 at the embeddings of two blocks.
        (
            "layerwise:0.5",
            [
                f"trained, rate {TIMES} 0.125",
                f"trained, rate {TIMES} 0.25",
                f"trained, rate {TIMES} 0.5",
                "trained",
            ],
        ),
        (
            "freeze:1+layerwise:0.5+reinit:1",
            ["frozen", "frozen", f"re-initialised, rate {TIMES} 0.5", "pooler re-initialised"],
        ),
        (
            "unfreeze",
            ["trained from epoch 4", "trained from epoch 3", "trained from epoch 2", "trained"],
        ),
        (
            "freeze:0+reinit:1+unfreeze:2",
            [
                "frozen",
                "trained from epoch 2",
                "re-initialised, trained from epoch 2",
                "pooler re-initialised",
            ],
        ),
        (
            "discriminative:2+unfreeze:3",
            [
                *(f"trained from epoch 2, rate {TIMES} {rate}" for rate in (0.125, 0.25, 0.5)),
                "trained",
            ],
        ),
        ("average+mixout+pretrained-decay+r-drop+smooth", ["trained"] * 4),
    ],
)
def test_what_happens_to_each_depth_in_words(technique, words):
    rows = states(2, parse(technique, 2))
    assert [row.name for row in rows] == ["Embeddings", "Block 1", "Block 2", "Pooler, head"]
    assert [row.words for row in rows] == words


def test_techniques_are_asked_by_their_hooks_alone():
    rows = states(2, Composition((Odd(),)))
    assert [row.look for row in rows] == ["frozen", "fresh", "frozen", "scaled"]
    assert rows[3].words.endswith(" 2")


def _drawn(layers, technique):
    return ElementTree.fromstring(drawing(layers, technique))


@pytest.mark.parametrize("layers", [1, 6, 24])
def test_rows_stand_from_bottom_to_top_without_touching(layers):
    picture = _drawn(layers, "freeze:0+layerwise:0.9")
    frames = picture.findall(f"{SVG}rect")[1::2]
    tops = [float(frame.get("y")) for frame in frames]
    assert len(tops) == layers + 2
    steps = {lower - upper for lower, upper in pairwise(tops)}
    assert len(steps) == 1 and steps.pop() > float(frames[0].get("height"))
    assert tops[-1] == 0
    assert tops[0] + float(frames[0].get("height")) < float(picture.get("height"))


def test_the_drawing_says_what_it_shows():
    picture = _drawn(3, "freeze:1+reinit:1")
    assert picture.get("role") == "img"
    parts = [picture.find(f"{SVG}{name}") for name in ("title", "desc")]
    assert picture.get("aria-labelledby").split() == [part.get("id") for part in parts]
    assert parts[0].text == "The 3 blocks of the model under freeze:1+reinit:1"
    assert parts[1].text == (
        "From bottom to top, Embeddings to Block 1: frozen; Block 2: trained; "
        "Block 3: re-initialised; Pooler, head: pooler re-initialised. "
        "The head starts from new weights in any case."
    )
    texts = [text.text for text in picture.findall(f"{SVG}text")]
    assert texts[:4] == ["Embeddings", "frozen", "Block 1", "frozen"]


def test_every_look_has_a_pattern_of_its_own():
    technique = "freeze:1+layerwise:0.9+reinit:1"
    assert len(set(layers._MARKS.values())) == len(set(layers._FILLS.values())) == 5
    assert layers._MARKS.keys() == layers._FILLS.keys() == layers._MEANINGS.keys()
    picture = _drawn(4, technique)
    patterns = {pattern.get("id"): pattern for pattern in picture.iter(f"{SVG}pattern")}
    assert {name.rpartition("-")[2] for name in patterns} == {"frozen", "scaled", "fresh"}
    assert len({ElementTree.tostring(pattern[0]) for pattern in patterns.values()}) == 3
    assert len({pattern[0].tag + str(pattern[0].get("d")) for pattern in patterns.values()}) == 3
    used = set(re.findall(r"url\(#([^)]+)\)", drawing(4, technique)))
    assert used == set(patterns)


def test_two_drawings_on_one_page_share_no_names():
    names = [
        {part.get("id") for part in _drawn(6, text).iter() if part.get("id")}
        for text in ("freeze:1", "freeze:2")
    ]
    assert not names[0] & names[1]


def test_what_trains_later_has_a_look_of_its_own():
    found = [row.look for row in states(3, parse("freeze:0+unfreeze:2", 3))]
    assert found == ["frozen", "later", "later", "later", "trained"]
    assert "trained from a later epoch on" in gallery(3, ["unfreeze", "baseline"])
    widths = [
        bar.get("width") for bar in _drawn(2, "discriminative:2+unfreeze").findall(f"{SVG}rect")
    ]
    assert float(widths[0]) == pytest.approx(float(widths[1]) / 8, rel=1e-3)


def test_a_bar_is_as_long_as_its_rate():
    widths = [float(bar.get("width")) for bar in _drawn(2, "layerwise:0.5").findall(f"{SVG}rect")]
    whole = widths[1]
    assert widths[::2] == pytest.approx([whole / 8, whole / 4, whole / 2, whole], rel=1e-3)


def test_what_is_typed_is_escaped_or_refused():
    with pytest.raises(WorkbenchError, match="there is no technique"):
        drawing(6, "<script>")
    with pytest.raises(WorkbenchError, match="out of range"):
        drawing(6, "freeze:7")


def test_neighbours_alike_are_named_together():
    assert described(states(6, parse("baseline", 6))).startswith(
        "From bottom to top, Embeddings to Pooler, head: trained."
    )


def test_several_are_drawn_under_their_names_with_one_legend():
    shown = gallery(6, ["freeze:1", "layerwise:0.5", "<nosuch>", "freeze:7"])
    assert re.findall(r"<figcaption[^>]*>([^<]*)<", shown) == ["freeze:1", "layerwise:0.5"]
    assert "nosuch" not in shown
    legend = shown[shown.index('aria-hidden="true"') :]
    assert re.findall(r"</svg> ([^<]*)<", legend) == [
        "trained",
        "at another rate: the bar's length",
        "frozen",
    ]
    names = re.findall(r' id="([^"]+)"', shown)
    assert len(set(names)) == len(names)
    assert set(re.findall(r"url\(#([^)]+)\)", shown)) <= set(names)


def test_a_brief_drawing_tells_its_words_on_hovering():
    picture = ElementTree.fromstring(drawing(2, "freeze:1", brief=True))
    assert [text.text for text in picture.findall(f"{SVG}g/{SVG}text")] == [
        "Embeddings",
        "Block 1",
        "Block 2",
        "Pooler, head",
    ]
    told = [title.text for title in picture.findall(f"{SVG}g/{SVG}title")]
    assert told[:3] == ["Embeddings: frozen", "Block 1: frozen", "Block 2: trained"]
    assert picture.find(f"{SVG}desc").text.startswith("From bottom to top, Embeddings to Block 1")


def test_a_single_one_has_words_and_no_legend():
    shown = gallery(2, ["freeze:1"])
    assert ">frozen</text>" in shown and "aria-hidden" not in shown


def test_low_rows_name_only_those_that_have_room():
    picture = ElementTree.fromstring(drawing(24, "baseline", brief=True))
    names = [text.text for text in picture.findall(f"{SVG}g/{SVG}text")]
    assert len(names) == 26
    assert list(filter(None, names)) == [
        "Embeddings",
        "Block 6",
        "Block 12",
        "Block 18",
        "Pooler, head",
    ]
