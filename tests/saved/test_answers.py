import math

import numpy as np
import pytest

from workbench.saved.answers import labelled, mentions, tagged


def test_a_number_is_a_score():
    assert labelled(["score"], "regression", np.float32([3.25])) == {"score": 3.25}


def test_one_output_without_a_word_on_its_kind_is_a_score():
    assert labelled(["LABEL_0"], None, np.array([0.25])) == {"score": 0.25}


def test_one_label_of_several_has_probabilities_that_add_up():
    found = labelled(["no", "yes"], "single_label_classification", np.log([1.0, 3.0]))
    assert found == {"label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}}
    assert labelled(["no", "yes"], None, np.log([1.0, 3.0])) == found


def test_several_labels_hold_from_one_half_on():
    logits = np.array([0.0, -math.log(3), math.log(3)])
    assert labelled(["a", "b", "c"], "multi_label_classification", logits) == {
        "labels": ["c"],
        "probabilities": {"a": 0.5, "b": 0.25, "c": 0.75},
    }


@pytest.mark.parametrize("size", [-1000.0, 1000.0])
def test_large_logits_overflow_nothing(size):
    with np.errstate(all="raise", under="ignore"):
        found = labelled(["a", "b"], None, np.array([size, 0.0]))
    assert sum(found["probabilities"].values()) == 1


def test_each_word_has_its_tag_and_what_was_cut_off_is_outside():
    logits = np.log(np.array([[8.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 6.0]]))
    assert tagged(["B", "I", "O"], logits, 4) == {
        "tags": ["B", "I", "O", "O"],
        "probabilities": [0.8, 0.5, 0.75, None],
        "mentions": [[0, 2, ""]],
    }


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("", []),
        ("O O", []),
        ("B I O I I", [[0, 2, ""], [3, 5, ""]]),
        ("B B I", [[0, 1, ""], [1, 3, ""]]),
        ("B-x I-x I-y O", [[0, 2, "x"], [2, 3, "y"]]),
        ("I-PAR I-PAR I-INT O", [[0, 2, "PAR"], [2, 3, "INT"]]),
        ("B-a-b I-a-b", [[0, 2, "a-b"]]),
    ],
)
def test_mentions(tags, expected):
    assert mentions(tags.split()) == expected
