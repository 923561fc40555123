"""AdamW and gradient clipping for every run of a cohort, by torch's own kernels.

AdamW works value by value, so runs that are updated alike are one tensor to the optimizer, and any
others are tensors of their own (views on the same memory): a member of a cohort is updated by
exactly the code that updates a lone run.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn

from workbench.models.depth import Anatomy, Parameter
from workbench.spec import RunSpec
from workbench.techniques import AdamStep, Composition
from workbench.training.plan import Plan
from workbench.training.schedule import linear, warmup_steps

_KINDS = ("step", "exp_avg", "exp_avg_sq")
"""What torch's AdamW keeps of each parameter."""


@dataclass
class _Slice:
    """The part of one stacked parameter that belongs to runs which are updated alike."""

    place: Parameter
    first: int
    end: int
    stacked: nn.Parameter
    view: Tensor


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
    plan
        How long they train.

    Attributes
    ----------
    unused
        What decay has left of a word embedding that is never used, by run: the factor on the rows
        of the table that training does without.
    keeps_gradients
        Whether clipped gradients always stand in the same place in memory, as
        `workbench.training.captured` needs it.
    """

    def __init__(
        self,
        network: nn.Module,
        anatomy: Anatomy,
        specs: Sequence[RunSpec],
        compositions: Sequence[Composition],
        plan: Plan,
    ):
        self.anatomy, self.specs, self.compositions = anatomy, specs, compositions
        self.plan = plan
        self.parameters = dict(network.named_parameters())
        self.slices = list(self._cut())
        self.optimizer = torch.optim.AdamW(list(self._groups()), fused=True)
        self.unused = [1.0] * len(specs)
        self.keeps_gradients = False
        self._kept: dict[str, Tensor] = {}
        self._trained: set[int] | None = None
        limits = [spec.clip_norm or float("inf") for spec in specs]
        self._limits = torch.tensor(limits, device=self.slices[0].view.device)

    def _cut(self) -> Iterator[_Slice]:
        for first, end in self._alike():
            for place in self.anatomy.parameters:
                stacked = self.parameters[place.name]
                yield _Slice(place, first, end, stacked, stacked.detach()[first:end])

    def _alike(self) -> Iterator[tuple[int, int]]:
        """Yield first and end of the neighbouring runs that are updated alike."""
        for _, runs in groupby(range(len(self.specs)), lambda run: _update_key(self.specs[run])):
            members = list(runs)
            yield members[0], members[-1] + 1

    def _groups(self) -> Iterator[dict[str, Any]]:
        members: dict[tuple[int, int, int, bool], list[Tensor]] = {}
        for part in self.slices:
            key = (part.first, part.end, part.place.depth, part.place.decays)
            members.setdefault(key, []).append(part.view)
        for (first, end, depth, decayed), views in members.items():
            spec = self.specs[first]
            yield {
                "params": views,
                "betas": (spec.beta1, spec.beta2),
                "runs": range(first, end),
                "depth": depth,
                "decayed": decayed,
                "count": 0,
                "origins": self._origins(first, views) if decayed else [],
            }

    def _origins(self, run: int, views: list[Tensor]) -> list[Tensor]:
        """Keep what a run's parameters start from, where they are pulled back to it."""
        pulled = self.compositions[run].pull is not None
        return [view.clone() for view in views] if pulled else []

    def select(self, step: int) -> bool:
        """Let gradients flow only into the depths that train at a step; tell if they changed."""
        moment = self.plan.moment(step)
        trained = {
            depth
            for depth in range(self.anatomy.top + 1)
            if self.compositions[0].trains(depth, moment, self.anatomy)
        }
        if trained == self._trained:
            return False
        self._trained = trained
        self._kept.clear()
        self._forget_views()
        for part in self.slices:
            part.stacked.requires_grad_(part.place.depth in trained)
        return True

    def clip(self, scales: Tensor) -> Tensor:
        """Bring the gradients back to their scale and clip them, in one multiplication.

        Parameters
        ----------
        scales
            What each run's loss was multiplied with, ``float32 [runs]``.

        Returns
        -------
        Tensor
            Each run's gradient norm before clipping, ``float32 [runs]``.
        """
        norms = self._norms() / scales
        # The small number is that of torch's clip_grad_norm_.
        factors = (self._limits / (norms + 1e-6)).clamp(max=1.0) / scales
        for name, gradient in self._gradients():
            shaped = factors.view(-1, *[1] * (gradient.dim() - 1))
            if self.keeps_gradients:
                self._keep(name, gradient, shaped)
            else:
                gradient.mul_(shaped)
        return norms

    def _keep(self, name: str, gradient: Tensor, factors: Tensor) -> None:
        if name not in self._kept:
            self._kept[name] = torch.empty_like(gradient)
        torch.mul(gradient, factors, out=self._kept[name])
        self.parameters[name].grad = None

    def step(self, step: int) -> None:
        """Apply the clipped gradients of one step (from 0), and forget them."""
        for part in self.slices:
            self._give_gradient(part)
        for group in self.optimizer.param_groups:
            if group["params"][0].grad is not None:
                self._prepare(group, step)
        self.optimizer.step()
        self.forget()

    def _give_gradient(self, part: _Slice) -> None:
        gradient = self._kept.get(part.place.name, part.stacked.grad)
        if gradient is not None and part.view.grad is None:
            part.view.grad = gradient[part.first : part.end]

    def forget(self) -> None:
        """Start a step, or another attempt at one, without gradients."""
        for parameter in self.parameters.values():
            parameter.grad = None
        if not self.keeps_gradients:
            self._forget_views()

    def _forget_views(self) -> None:
        for part in self.slices:
            part.view.grad = None

    def _gradients(self) -> Iterator[tuple[str, Tensor]]:
        for name, parameter in self.parameters.items():
            if parameter.grad is not None:
                yield name, parameter.grad

    def _norms(self) -> Tensor:
        """Return the norm of each run's gradients, as torch's own clipping computes it."""
        by_parameter = [
            torch.linalg.vector_norm(gradient.flatten(1), dim=1)
            for _, gradient in self._gradients()
        ]
        return torch.linalg.vector_norm(torch.stack(by_parameter), dim=0)

    def _prepare(self, group: dict[str, Any], step: int) -> None:
        """Set a group's rate, epsilon and decay for its next update, and pull it back."""
        group["count"] += 1
        run = group["runs"][0]
        call = self.call(run, group["depth"], step, group["decayed"])
        if group["origins"]:
            self._pull(group, call.rate * (self.compositions[run].pull or 0.0))
        call = self.compositions[run].adam(call, group["count"])
        group["lr"], group["eps"] = call.rate, call.epsilon
        group["weight_decay"] = call.weight_decay
        if group["depth"] == 0 and group["decayed"]:
            for run in group["runs"]:
                self.unused[run] *= 1 - call.rate * call.weight_decay

    def _pull(self, group: dict[str, Any], share: float) -> None:
        """Take a share of the distance to where they started off a group's parameters."""
        torch._foreach_lerp_(group["params"], group["origins"], share)
        if group["depth"] == 0:
            for run in group["runs"]:
                self.unused[run] += share * (1 - self.unused[run])

    def call(self, run: int, depth: int, step: int, decayed: bool) -> AdamStep:
        """Return the optimizer's call for a run and depth before techniques change its form."""
        spec = self.specs[run]
        steps = self.plan.steps
        factor = linear(step, warmup_steps(spec.warmup, steps), steps)
        factor *= self.compositions[run].rate(depth, self.plan.moment(step), self.anatomy)
        decay = spec.weight_decay if decayed else 0.0
        return AdamStep(spec.learning_rate * factor, spec.epsilon, decay, spec.beta1, spec.beta2)

    def tensors(self) -> dict[str, Tensor]:
        """Return the state to be saved, by ``run/parameter/kind``."""
        return {
            f"{run}/{part.place.name}/{kind}": value
            if value.dim() == 0
            else value[run - part.first]
            for part in self.slices
            for kind, value in self.optimizer.state.get(part.view, {}).items()
            for run in range(part.first, part.end)
        }

    def counts(self) -> list[list[int]]:
        """Return the number of updates of each run's groups, to be saved with `tensors`."""
        groups = self.optimizer.param_groups
        return [
            [group["count"] for group in groups if run in group["runs"]]
            for run in range(len(self.specs))
        ]

    def restore(self, tensors: dict[str, Tensor], counts: list[list[int]]) -> None:
        """Take up the state that `tensors` and `counts` returned."""
        left = [list(numbers) for numbers in counts]
        for group in self.optimizer.param_groups:
            taken = [left[run].pop(0) for run in group["runs"]]
            group["count"] = taken[0]
        for part in self.slices:
            state = {kind: _restored(tensors, part, kind) for kind in _KINDS}
            if state["step"] is not None:
                self.optimizer.state[part.view] = state


def _restored(tensors: dict[str, Tensor], part: _Slice, kind: str) -> Tensor | None:
    """Put one kind of state together for the runs of a slice; None where there was none."""
    names = [f"{run}/{part.place.name}/{kind}" for run in range(part.first, part.end)]
    if names[0] not in tensors:
        return None
    # A checkpoint is read on the processor; torch's kernels want all of a parameter on one device.
    device = part.view.device
    if kind == "step":
        return tensors[names[0]].to(device, copy=True)
    return torch.stack([tensors[name] for name in names]).to(device)


def _update_key(spec: RunSpec) -> Hashable:
    """Return what two runs must share to be updated as one tensor."""
    return (
        spec.techniques,
        spec.learning_rate,
        spec.warmup,
        spec.weight_decay,
        spec.beta1,
        spec.beta2,
        spec.epsilon,
    )
