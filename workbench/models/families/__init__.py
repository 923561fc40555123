"""The families of checkpoints that can be trained, and all that sets one apart from another."""

from workbench.models.families.bert import Bert, Electra, Roberta
from workbench.models.families.deberta import DebertaV2
from workbench.models.families.distilbert import DistilBert
from workbench.models.families.family import Family, Parts, Rows, Sizes, gather
from workbench.models.families.modernbert import ModernBert

__all__ = ["FAMILIES", "Family", "Parts", "Rows", "Sizes", "gather"]

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (Bert(), Roberta(), Electra(), DistilBert(), ModernBert(), DebertaV2())
}
"""By the ``model_type`` of a checkpoint's description."""
