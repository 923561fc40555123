"""AdamW and gradient clipping for every run of a cohort, by torch's own kernels.

Each run's slice of a stacked parameter is a tensor of its own to the optimizer (a view on the same
memory), so a member of a cohort is updated by exactly the code that updates a lone run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from workbench.models.depth import Anatomy
from workbench.spec import RunSpec
from workbench.techniques import AdamStep, Composition
from workbench.training.schedule import linear, warmup_steps


@dataclass
class _Slice:
    """One run's part of one stacked parameter."""

    name: str
    run: int
    depth: int
    stacked: nn.Parameter
    view: Tensor

    def take_gradient(self) -> None:
        gradient = self.stacked.grad
        self.view.grad = None if gradient is None else gradient[self.run]


class CohortOptimizer:
    """Updates all runs of a cohort.

    Parameters
    ----------
    network
        Stacked, on its device.
    anatomy
        Of the network.
    specs, compositions
        Of each run.
    steps
        The number of optimizer steps of the whole training.
    """

    def __init__(
        self,
        network: nn.Module,
        anatomy: Anatomy,
        specs: Sequence[RunSpec],
        compositions: Sequence[Composition],
        steps: int,
    ):
        self.anatomy, self.specs, self.compositions, self.steps = (
            anatomy,
            specs,
            compositions,
            steps,
        )
        self.network = network
        self.slices = list(self._cut(dict(network.named_parameters())))
        self.optimizer = torch.optim.AdamW(list(self._groups()), fused=True)

    def _cut(self, parameters: dict[str, nn.Parameter]) -> Iterator[_Slice]:
        for run in range(len(self.specs)):
            for place in self.anatomy.parameters:
                stacked = parameters[place.name]
                view = stacked.detach()[run]
                yield _Slice(place.name, run, place.depth, stacked, view)

    def _groups(self) -> Iterator[dict[str, Any]]:
        decays = {place.name: place.decays for place in self.anatomy.parameters}
        members: dict[tuple[int, int, bool], list[Tensor]] = {}
        for part in self.slices:
            members.setdefault((part.run, part.depth, decays[part.name]), []).append(part.view)
        for (run, depth, decayed), views in members.items():
            spec = self.specs[run]
            yield {
                "params": views,
                "betas": (spec.beta1, spec.beta2),
                "run": run,
                "depth": depth,
                "decayed": decayed,
                "count": 0,
            }

    def select(self, step: int) -> None:
        """Let gradients flow only into the depths that train at a step."""
        trained = {
            depth
            for depth in range(self.anatomy.top + 1)
            if self.compositions[0].trains(depth, step, self.anatomy)
        }
        for part in self.slices:
            part.stacked.requires_grad_(part.depth in trained)

    def step(self, step: int) -> Tensor:
        """Clip and apply the gradients of one step; return each run's norm before clipping."""
        for part in self.slices:
            part.take_gradient()
        norms = torch.stack([self._clip(run) for run in range(len(self.specs))])
        for group in self.optimizer.param_groups:
            if group["params"][0].grad is not None:
                self._prepare(group, step)
        self.optimizer.step()
        self.network.zero_grad(set_to_none=True)
        return norms

    def _clip(self, run: int) -> Tensor:
        views = [part.view for part in self.slices if part.run == run]
        limit = self.specs[run].clip_norm or float("inf")
        return nn.utils.clip_grad_norm_(views, limit)

    def _prepare(self, group: dict[str, Any], step: int) -> None:
        """Set a group's rate, epsilon and decay for its next update."""
        group["count"] += 1
        call = self.call(group["run"], group["depth"], step, group["decayed"])
        call = self.compositions[group["run"]].adam(call, group["count"])
        group["lr"], group["eps"] = call.rate, call.epsilon
        group["weight_decay"] = call.weight_decay

    def call(self, run: int, depth: int, step: int, decayed: bool) -> AdamStep:
        """Return the optimizer's call for a run and depth before techniques change its form."""
        spec = self.specs[run]
        factor = linear(step, warmup_steps(spec.warmup, self.steps), self.steps)
        factor *= self.compositions[run].rate(depth, step, self.anatomy)
        decay = spec.weight_decay if decayed else 0.0
        return AdamStep(spec.learning_rate * factor, spec.epsilon, decay, spec.beta1, spec.beta2)

    def tensors(self) -> dict[str, Tensor]:
        """Return the state to be saved, by ``run/parameter/kind``."""
        return {
            f"{part.run}/{part.name}/{kind}": value
            for part in self.slices
            for kind, value in self.optimizer.state.get(part.view, {}).items()
        }

    def counts(self) -> list[int]:
        """Return each group's number of updates, to be saved with `tensors`."""
        return [group["count"] for group in self.optimizer.param_groups]

    def restore(self, tensors: dict[str, Tensor], counts: list[int]) -> None:
        """Take up the state that `tensors` and `counts` returned."""
        for group, count in zip(self.optimizer.param_groups, counts, strict=True):
            group["count"] = count
        for part in self.slices:
            prefix = f"{part.run}/{part.name}/"
            state = {
                kind: tensors[prefix + kind].clone()
                for kind in ("step", "exp_avg", "exp_avg_sq")
                if prefix + kind in tensors
            }
            if state:
                self.optimizer.state[part.view] = state
