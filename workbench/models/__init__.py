"""Checkpoints: which there are, how they load, and which parameter sits at which depth."""
