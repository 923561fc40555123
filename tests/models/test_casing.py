"""Cased checkpoints stay cased, whatever their description forgets to say."""

import json

import pytest
from transformers import BertTokenizerFast

from workbench.models.casing import casing
from workbench.models.checkpoint import find_checkpoint
from workbench.models.tokenizer import load_tokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CASED = [*SPECIAL, "Aspirin", "aspirin", "inhibits", "TNF", "cells"]
UNCASED = [*SPECIAL, "aspirin", "inhibits", "tnf", "cells"]


@pytest.mark.parametrize(("pieces", "lowers"), [(CASED, False), (UNCASED, True)])
def test_the_vocabulary_tells_where_nothing_else_does(tmp_path, pieces, lowers):
    (tmp_path / "vocab.txt").write_text("\n".join(pieces))
    assert casing(tmp_path) == {"do_lower_case": lowers}


def test_a_few_oddities_make_no_cased_vocabulary(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join([*UNCASED * 100, "Oddity"]))
    assert casing(tmp_path) == {"do_lower_case": True}


def test_what_the_description_says_stays(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(CASED))
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": true}')
    assert casing(tmp_path) == {}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"normalizer": {"type": "BertNormalizer", "lowercase": False}}, {"do_lower_case": False}),
        ({"normalizer": {"type": "Sequence", "normalizers": []}}, {}),
        ({"normalizer": None}, {}),
    ],
)
def test_a_whole_tokenizer_tells_by_its_normaliser(tmp_path, content, found):
    (tmp_path / "vocab.txt").write_text("\n".join(CASED))
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    assert casing(tmp_path) == found


def test_byte_pairs_and_damaged_files_tell_nothing(tmp_path):
    (tmp_path / "vocab.json").write_text("{}")
    (tmp_path / "tokenizer_config.json").write_text("[")
    assert casing(tmp_path) == {}


@pytest.mark.parametrize("whole", [True, False], ids=["tokenizer.json", "vocab.txt"])
@pytest.mark.parametrize("cased", [True, False])
def test_text_keeps_its_case_exactly_in_a_cased_vocabulary(copied, cased, whole):
    """The trap: no do_lower_case anywhere, as in BioBERT v1.1 and Bio_ClinicalBERT."""
    folder = copied()
    (folder / "vocab.txt").write_text("\n".join(CASED if cased else UNCASED))
    (folder / "tokenizer.json").unlink()
    if whole:
        kept = BertTokenizerFast(vocab=str(folder / "vocab.txt"), do_lower_case=not cased)
        kept.save_pretrained(folder)
    (folder / "tokenizer_config.json").unlink()
    tokenizer = load_tokenizer(find_checkpoint(str(folder)))
    wanted = ["Aspirin", "inhibits", "TNF"] if cased else ["aspirin", "inhibits", "tnf"]
    assert tokenizer.tokenize("Aspirin inhibits TNF") == wanted
