"""Trained models that are kept: which, where, described, read again, and given away."""
