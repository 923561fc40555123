"""A workbench for fine-tuning biomedical language models on small data."""

__version__ = "0.4.0"
