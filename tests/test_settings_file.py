"""What every YAML file of settings has in common; task and study files test the rest."""

from dataclasses import dataclass, field

import pytest

from workbench.errors import WorkbenchError
from workbench.settings_file import SettingsFile, listing


def told(text):
    return {"help": text}


@dataclass(frozen=True)
class Leaf:
    size: int = field(default=1, metadata=told("how many"))


@dataclass(frozen=True)
class Whole:
    hidden: str
    title: str = field(metadata=told("a name"))
    leaves: dict[str, Leaf] = field(default_factory=dict, metadata=told("each by name"))
    deep: Leaf = field(default=Leaf(), metadata=told("one of them"))
    words: tuple[str, ...] = field(default=("a", "b"), metadata=told("some words"))


@pytest.fixture
def read(tmp_path):
    def _read(text):
        path = tmp_path / "some.yaml"
        path.write_text(text)
        return SettingsFile("test file", path, "'title: x'", {}).read(Whole, hidden="given")

    return _read


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("title: x", {}),
        ("title: x\nleaves: [one, 2]", {"one": Leaf(), "2": Leaf()}),
        ("title: x\nleaves:\n  one:\n  two: {size: 3}", {"one": Leaf(), "two": Leaf(3)}),
    ],
)
def test_settings_by_name_are_a_mapping_or_a_list_of_names(read, text, leaves):
    assert read(text) == Whole("given", "x", leaves)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("title: x\ntitle: y", "title stands there twice: keep one of them"),
        ("title: x\nleaves:\n  one:\n  one: {size: 3}", "one stands there twice: keep one"),
        ("leaves: {}", "title is missing: add it (a name)"),
        ("title: x\nhidden: y", "there is no setting 'hidden'"),
        ("title: x\nleaves: {one: {sise: 3}}", "setting of leaves.one 'sise': did you mean 'size'"),
        ("title: x\nleaves: {one: {size: 1.5}}", "leaves.one.size must be a whole number"),
        ("title: x\nleaves: {one: 3}", "leaves.one must hold settings of its own"),
        ("title: x\nleaves: one", "leaves must hold names, each on a line below it"),
        ("title: x\ndeep: 3", "deep must hold settings of its own"),
        ("", "it must hold settings, such as 'title: x', one a line"),
        ("x" * (1 << 20) + "xx", "it is larger than 1 MB"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(read, text, sentence):
    with pytest.raises(WorkbenchError) as refused:
        read(text)
    assert sentence in str(refused.value) and "the test file " in str(refused.value)


def test_a_listing_tells_every_setting_with_its_default():
    lines = [" ".join(line.split()) for line in listing(Whole)]
    assert lines == [
        "title a name (must be there)",
        "leaves each by name",
        "leaves.NAME.size how many (default: 1)",
        "deep.size how many (default: 1)",
        "words some words (default: a, b)",
    ]
