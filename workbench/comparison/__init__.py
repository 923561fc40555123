"""Comparing finished runs: what to gather, how they group and pair, and what that shows."""
