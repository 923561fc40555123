"""Stabilization techniques: one file each, and how they compose."""

from workbench.techniques.composition import BASELINE, Composition, from_settings, parse, registry
from workbench.techniques.technique import AdamStep, Technique, setting

__all__ = [
    "BASELINE",
    "AdamStep",
    "Composition",
    "Technique",
    "from_settings",
    "parse",
    "registry",
    "setting",
]
