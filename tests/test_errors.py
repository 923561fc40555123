import doctest

import pytest

from workbench import errors
from workbench.errors import WorkbenchError, unknown

NAMES = ["hoc", "biosses", "bc5-chem", "bc5-disease"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("hco", "there is no task 'hco': did you mean 'hoc'?"),
        ("BIOSSES", "there is no task 'BIOSSES': did you mean 'biosses'?"),
        ("bc5chem", "there is no task 'bc5chem': did you mean 'bc5-chem'?"),
        ("zzz", "there is no task 'zzz': choose one of bc5-chem, bc5-disease, biosses, hoc"),
        ("", "there is no task '': choose one of bc5-chem, bc5-disease, biosses, hoc"),
    ],
)
def test_an_unknown_name_gives_the_nearest_or_all(typed, sentence):
    assert str(unknown("task", typed, NAMES)) == sentence


def test_any_iterable_of_names_will_do():
    assert "did you mean 'hoc'" in str(unknown("task", "hok", iter(NAMES)))


def test_a_notebook_shows_the_sentence_alone():
    assert WorkbenchError("mend it")._render_traceback_() == ["WorkbenchError: mend it"]


def test_the_example():
    assert doctest.testmod(errors) == (0, 1)
