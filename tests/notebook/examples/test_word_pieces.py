import pytest

from workbench.models.checkpoint import bundled
from workbench.models.tokenizer import load_tokenizer
from workbench.notebook.examples.highlighting import Passage, tagged
from workbench.notebook.examples.word_pieces import segment
from workbench.tasks.loading import load
from workbench.tasks.mention import Mention
from workbench.tasks.miniature import MAKERS


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(bundled())


def texts(passage, segmentation):
    return [passage.text[piece.start : piece.end] for piece in segmentation.pieces]


def test_the_pieces_of_a_text(tokenizer):
    passage = Passage("aspirin, ☃")
    (found,) = segment(tokenizer, (passage,), 512)
    assert texts(passage, found) == ["as", "##pi"[2:], "rin", ",", "☃"]
    assert [piece.unknown for piece in found.pieces] == [False] * 4 + [True]
    assert found.kept == 5


def test_the_pieces_of_words_are_placed_in_the_joined_text(tokenizer):
    passage = tagged(["(", "aspirin", "☃x", ")."], [2, 0, 2, 2], Mention())
    (found,) = segment(tokenizer, (passage,), 512)
    assert texts(passage, found) == ["(", "as", "pi", "rin", "☃x", ")", "."]
    assert [piece.unknown for piece in found.pieces].index(True) == 4


def test_a_word_that_the_tokenizer_drops_is_unknown_and_has_a_place(tokenizer):
    passage = tagged(["a", "\u200b", "b"], [2, 2, 2], Mention())
    (found,) = segment(tokenizer, (passage,), 512)
    assert [(piece.start, piece.end, piece.unknown) for piece in found.pieces] == [
        (0, 1, False),
        (2, 3, True),
        (4, 5, False),
    ]


@pytest.mark.parametrize(
    ("passages", "length", "kept"),
    [
        ((Passage("one two three four"),), 6, [4]),
        ((Passage("one two three four"),), 5, [3]),
        ((tagged(["one", "two", "three"], [2, 2, 2], Mention()),), 4, [2]),
        # [CLS] one two [SEP] five [SEP]: the longer text loses its end first.
        ((Passage("one two three four"), Passage("five")), 6, [2, 1]),
    ],
)
def test_what_the_length_cuts_off(tokenizer, passages, length, kept):
    assert [each.kept for each in segment(tokenizer, passages, length)] == kept


def test_a_question_is_kept_whole(tokenizer):
    passages = (Passage("one two three four"), Passage("five six"))
    assert [each.kept for each in segment(tokenizer, passages, 8)] == [3, 2]
    assert [each.kept for each in segment(tokenizer, passages, 8, keep_first=True)] == [4, 1]


@pytest.mark.parametrize("name", MAKERS)
def test_as_many_pieces_as_the_engine_encodes(tokenizer, name):
    from workbench.notebook.examples.reading import read

    loaded = load(f"miniature-{name}:size=4")
    reader = read(loaded, "dev")
    encoded = loaded.shape.encode(loaded.splits["dev"], tokenizer, 12)
    for item in range(len(reader)):
        passages = reader.passages(item)
        found = segment(tokenizer, passages, 12, loaded.shape.keep_first)
        kept = sum(each.kept for each in found)
        assert (
            kept + tokenizer.num_special_tokens_to_add(len(passages) > 1) == (encoded.lengths[item])
        )
