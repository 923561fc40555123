"""Stabilization techniques: one file each, and how they compose."""

from workbench.techniques.composition import BASELINE, Composition, from_settings, parse, registry
from workbench.techniques.cost import Cost
from workbench.techniques.moment import FIRST, Moment
from workbench.techniques.passes import Keep, Mixing, Passes
from workbench.techniques.technique import AdamStep, Technique, setting

__all__ = [
    "BASELINE",
    "FIRST",
    "AdamStep",
    "Composition",
    "Cost",
    "Keep",
    "Mixing",
    "Moment",
    "Passes",
    "Technique",
    "from_settings",
    "parse",
    "registry",
    "setting",
]
