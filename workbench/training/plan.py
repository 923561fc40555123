"""How long a run trains, and how the work is done.

Apart from the engine, so that whoever plans a study loads no network.
"""

from dataclasses import dataclass

import torch

from workbench.spec import RunSpec
from workbench.techniques import Moment, from_settings


@dataclass(frozen=True)
class Execution:
    """How the work is done, which moves no result beyond rounding."""

    device: torch.device
    micro_batch: int = 0
    """Examples of each run in one forward pass; 0 takes the whole batch at once."""
    evaluation_tokens: int = 8192
    """Tokens of each run in one forward pass of an evaluation."""
    compiled: bool | None = None
    """Whether torch compiles the network; None: on a GPU, where training is long enough."""
    captured: bool | None = None
    """Whether a GPU replays steps from recordings; None: where steps are small."""


_LONG = 1000
"""Steps."""


@dataclass(frozen=True)
class Plan:
    """How long a cohort trains."""

    steps: int
    steps_per_epoch: int

    @property
    def epochs(self) -> int:
        """Epochs, a last partial one included."""
        return -(-self.steps // self.steps_per_epoch)

    @property
    def is_long(self) -> bool:
        """Whether compiling, which took 20 to 25 seconds for BERT-base on an H100, is repaid."""
        return self.steps >= _LONG

    def moment(self, step: int) -> Moment:
        """Return where a step (from 0) stands, for techniques that change with time."""
        return Moment(step, self.steps, self.steps_per_epoch)

    def ends_epoch(self, step: int) -> bool:
        """Tell whether an epoch ends with a step (from 0)."""
        return (step + 1) % self.steps_per_epoch == 0 or step + 1 == self.steps


def plan(spec: RunSpec, examples: int) -> Plan:
    """Plan the training of a run on a number of examples."""
    steps_per_epoch = -(-examples // spec.batch_size)
    steps = spec.epochs * steps_per_epoch
    if spec.max_steps:
        steps = min(steps, spec.max_steps)
    return Plan(from_settings(spec.techniques).steps(steps), steps_per_epoch)


_SMALL = 3e13
"""Operations of a step: a tenth of a second on an H100, about what launching some thousand kernels
one by one takes."""


def is_small(weights: int, tokens: float) -> bool:
    """Tell whether launching a training step's kernels on a GPU takes longer than computing them.

    Parameters
    ----------
    weights
        Of all runs that train together.
    tokens
        Of one run's batch. A weight and token need six operations (Kaplan et al. 2020,
        arXiv:2001.08361, section 2.1).
    """
    return 6 * weights * tokens < _SMALL
