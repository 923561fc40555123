"""A workbench for fine-tuning biomedical language models on small data."""

from collections.abc import Sequence
from typing import Any

__version__ = "0.7.2"


def predict(
    folder: Any, examples: Sequence[Any], device: str = "auto", progress: bool = True
) -> list[dict[str, Any]]:
    """Read new text with a saved model: see `workbench.saved.predict.predict`."""
    # Loading the libraries takes seconds, which nothing else here needs.
    from workbench.saved import predict as module

    return module.predict(folder, examples, device, progress)
