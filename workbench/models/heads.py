"""Heads: from the encoder's states to outputs, for packed batches and padded ones alike."""

from torch import Tensor, nn
from torch.nn import functional


class FirstState(nn.Module):
    """Take the first position, as transformers' own heads do, then drop out and project."""

    def __init__(self, dropout: nn.Module, classifier: nn.Module, first: bool):
        super().__init__()
        self.dropout = dropout
        self.classifier = classifier
        self.first = first

    def forward(self, states: Tensor) -> Tensor:
        """Return ``[runs, positions, outputs]``."""
        return self.classifier(self.dropout(states[:, 0] if self.first else states))


class TwoLayers(nn.Module):
    """DistilBERT's own head, which transformers keeps in the model itself."""

    def __init__(self, pre_classifier: nn.Module, dropout: nn.Module, classifier: nn.Module):
        super().__init__()
        self.pre_classifier = pre_classifier
        self.dropout = dropout
        self.classifier = classifier

    def forward(self, states: Tensor) -> Tensor:
        """Return the outputs of the first position."""
        inner = functional.relu(self.pre_classifier(states[:, 0]))
        return self.classifier(self.dropout(inner))
