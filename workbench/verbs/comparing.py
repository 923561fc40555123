"""Verbs that compare what has been trained."""

import argparse
from typing import Any

from workbench.verbs.verb import Verbs, add_parameters, add_verb


def add_compare(verbs: Verbs) -> None:
    """Add the verb ``compare``."""
    text = "compare every finished run through notebooks/compare.ipynb"
    add_parameters(add_verb(verbs, "compare", _compare, text), _settings)


def _settings() -> Any:
    from workbench.comparison.settings import CompareSettings

    return CompareSettings


def _compare(chosen: argparse.Namespace) -> int:
    from workbench.notebook.batch import run_comparison

    return run_comparison(dict(chosen.parameters), chosen.notebook)
