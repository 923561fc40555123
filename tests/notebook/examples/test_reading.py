import re

import numpy as np
import pytest
from datasets import Dataset

from workbench.notebook.examples.reading import (
    Classified,
    Documents,
    Scored,
    Sentences,
    read,
    read_scored,
    strip,
)
from workbench.tasks.loading import load
from workbench.tasks.mention import Mention

PAIRS = Scored(
    Dataset.from_dict({"sentence1": ["A"], "sentence2": ["B"], "score": [2.5]}),
    ("sentence1", "sentence2"),
    (0.0, 4.0),
)
DOCUMENTS = Documents(
    Dataset.from_dict({"text": ["Some <b>"], "labels": [[0, 1]], "document": ["1"]}),
    ["text"],
    ["x", "y"],
)
CLASSES = Classified(
    Dataset.from_dict({"question": ["A @GENE$"], "context": ["B"], "label": [1]}),
    ("question", "context"),
    ["no", "yes"],
)
SENTENCES = Sentences(
    Dataset.from_dict({"words": [["a", "b"], ["c"]], "tags": [[2, 0], [2]]}), Mention()
)


def test_the_gold_answers():
    assert "<b>2.5</b> (0 to 4)" in PAIRS.facts(0)
    assert re.findall("<li>(.*?)</li>", DOCUMENTS.facts(0)) == ["y"]
    assert SENTENCES.passages(0)[0].mentions == ((2, 3),)
    assert re.findall("<li>(.*?)</li>", CLASSES.facts(0)) == ["yes"]


def test_a_pair_is_found_by_either_text():
    assert CLASSES.texts == ["a @gene$\nb"]
    assert [passage.text for passage in CLASSES.passages(0)] == ["A @GENE$", "B"]
    assert CLASSES.passages(0)[0].mentions == ((2, 8),)


def test_predictions_are_divided_among_the_records():
    words = SENTENCES.divide(np.array([[0, 1, 2], [2, 2, 2]]))
    assert [each.tolist() for each in words] == [[[0, 1], [2, 2]], [[2], [2]]]
    assert CLASSES.divide(np.array([[1], [0]]))[0].tolist() == [[1], [0]]
    assert PAIRS.divide(np.array([[1.0], [3.0]]))[0].tolist() == [[1.0], [3.0]]
    assert DOCUMENTS.divide(np.array([[[1, 0]], [[1, 1]]]))[0].tolist() == [[1, 0], [1, 1]]


@pytest.mark.parametrize(
    ("reader", "predictions", "verdict"),
    [
        (PAIRS, [[1.0], [3.0]], "standard deviation 1.41"),
        (DOCUMENTS, [[1, 0], [1, 1]], "seeds differ on 1 label"),
        (SENTENCES, [[0, 1], [2, 0], [2, 2]], "seeds differ on 2 words"),
        (CLASSES, [[0], [1], [1]], "seeds give 2 answers"),
    ],
)
def test_how_far_seeds_disagree_is_said(reader, predictions, verdict):
    assert reader.verdict(np.array(predictions)) == verdict


def test_seeds_with_one_answer_share_a_row():
    html = SENTENCES.answered(0, np.array([[2, 2], [0, 1], [2, 2]]), [5, 6, 9])
    assert re.findall(r"<th[^>]*>(.*?)</th><td[^>]*>(.*?)</td>", html) == [
        ("seeds 5, 9", "a b"),
        ("seed 6", "<mark>a b</mark>"),
    ]


def test_scores_outside_the_scale_stay_inside_the_drawing():
    html = strip([-1.0, 4.5], 4.0, (0.0, 4.0))
    places = [float(place) for place in re.findall(r'cx="([\d.]+)"', html)]
    assert places == [8.0, 352.0]
    assert 'aria-label="predicted -1.00 to 4.50, gold 4"' in html


def test_scores_without_bounds():
    free = Scored(Dataset.from_dict({"text": ["A"], "score": [-40.0]}), ("text",))
    assert free.facts(0) == "<p>score <b>-40</b></p>"
    html = free.answered(0, np.array([[-40.0], [10.0]]), [0, 1])
    assert [float(place) for place in re.findall(r'cx="([\d.]+)"', html)] == [8.0, 352.0]
    assert "nan" not in strip([2.0, 2.0], 2.0)


def test_documents_are_scored_as_a_whole():
    loaded = load("miniature-document:size=4")
    scored = read_scored(loaded)
    assert len(scored) == loaded.shape.count(loaded.splits["test"]) < len(read(loaded, "test"))
    assert not scored.encoded_alone
