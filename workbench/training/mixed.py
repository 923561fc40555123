"""The weights in use in a training pass, where a technique makes them from those that are trained.

What is drawn has an address: (dropout seed, step, pass, parameter). It is the same for all
micro-batches of a step.
"""

from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call

from workbench.models.depth import Anatomy
from workbench.techniques import Composition
from workbench.training.randomness import combine, keep, key_of


class MixedWeights:
    """Makes the weights in use.

    Parameters
    ----------
    network
        Stacked, on its device, with the weights that training starts from.
    anatomy
        Of the network.
    composition
        Of all runs.

    Attributes
    ----------
    mixings
        How, by the parameter's name; empty where the trained weights are used as they are.
    origins
        What these parameters started from.
    """

    def __init__(self, network: nn.Module, anatomy: Anatomy, composition: Composition):
        found = {place.name: composition.mixing(place) for place in anatomy.parameters}
        self.mixings = {name: mixing for name, mixing in found.items() if mixing is not None}
        self.addresses = {name: key_of(name) for name in self.mixings}
        self.trained = dict(network.named_parameters())
        self.origins = {name: self.trained[name].detach().clone() for name in self.mixings}

    def __call__(self, network: nn.Module, keys: Tensor, *inputs: Any, **known: Any) -> Tensor:
        """Call the network with the weights in use; an evaluation uses those that are trained.

        Parameters
        ----------
        network
            The one given at first.
        keys
            Of the runs at this pass, ``int64 [runs, 1]``.
        inputs, known
            Of the network.
        """
        if not (self.mixings and network.training):
            return network(*inputs, **known)
        return functional_call(network, self.weights(keys.squeeze(1)), inputs, known)

    def weights(self, keys: Tensor) -> dict[str, Tensor]:
        """Return the weights in use by the parameters' names, given ``int64 [runs]``."""
        return {
            name: mixing(
                self.trained[name],
                self.origins[name],
                partial(keep, combine(keys, self.addresses[name])),
            )
            for name, mixing in self.mixings.items()
        }
