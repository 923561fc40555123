"""Whether a vocabulary of word pieces keeps upper case.

transformers lower-cases wherever ``tokenizer_config.json`` does not say otherwise, and some cased
checkpoints have no such file, BioBERT and ClinicalBERT among them: half of their vocabulary would
never be met.
"""

import json
from pathlib import Path
from typing import Any

_CASED_SHARE = 0.01
"""Of a vocabulary, from which on it is cased: an uncased one has a few oddities at most."""


def casing(folder: Path) -> dict[str, bool]:
    """Return ``do_lower_case`` as the vocabulary tells it, where the description does not.

    Returns
    -------
    dict
        Empty where the description tells, or where the vocabulary is not of word pieces.
    """
    if "do_lower_case" in _content(folder / "tokenizer_config.json"):
        return {}
    whole = _content(folder / "tokenizer.json")
    if whole:
        lowers = (whole.get("normalizer") or {}).get("lowercase")
        return {} if lowers is None else {"do_lower_case": lowers}
    vocabulary = folder / "vocab.txt"
    if not vocabulary.is_file():
        return {}
    return {"do_lower_case": not _is_cased(vocabulary.read_text(encoding="utf8").split())}


def _is_cased(pieces: list[str]) -> bool:
    # Special pieces stand in brackets and are written in upper case everywhere.
    words = [piece for piece in pieces if not piece.startswith("[")]
    return sum(word != word.lower() for word in words) > _CASED_SHARE * len(words)


def _content(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError):
        # Missing, or damaged: transformers says so.
        return {}
    return found if isinstance(found, dict) else {}
