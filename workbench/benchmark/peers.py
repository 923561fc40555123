"""transformers' own Trainer as a contestant, as published commands set it and as an expert would.

Both see the examples in the order given. The published commands (Yasunaga et al. 2022, LinkBERT,
scripts for BLURB, after transformers' own examples) pad every example to the maximum length and
leave the optimizer at its default of their time, AdamW without fusion.
"""

import math
import tempfile
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from workbench.benchmark.job import PUBLISHED, TUNED, Job, Turns
from workbench.models.network import LoadedModel, load_whole
from workbench.spec import RunSpec
from workbench.tasks.task import Encoded
from workbench.training.initial import draw
from workbench.training.plan import plan
from workbench.training.workload import frozen_depth

_GRAIN = 8
"""Dynamic padding goes up to a multiple of this, as tensor cores want."""

_LOW_SCALE = 128.0

_SETTINGS: dict[str, dict[str, Any]] = {
    PUBLISHED: {"optim": "adamw_torch"},
    # Looking for a loss that is not finite would wait for the device at every step.
    TUNED: {"optim": "adamw_torch_fused", "logging_nan_inf_filter": False},
}
_PROBLEMS = {
    "regression": "regression",
    "single-label": "single_label_classification",
    "multi-label": "multi_label_classification",
}


def train(job: Job, turns: Turns) -> None:
    """Train one run of a job with transformers' Trainer, in the order of the job's examples."""
    loaded = job.load()
    parts = {
        "model": native_model(job, loaded),
        "train_dataset": Examples(job.train, loaded.segments),
        "data_collator": _collator(job, loaded.tokenizer),
    }
    del loaded  # Its weights are no part of what a user of the Trainer needs memory for.
    with tempfile.TemporaryDirectory() as folder:
        arguments, taking = _arguments(job, folder), _TakingTurns(turns)
        trainer = _NotingTrainer(turns, args=arguments, callbacks=[taking], **parts)
        trainer.remove_callback(PrinterCallback)
        if job.specs[0].precision == "float16":
            start_low(trainer.accelerator.scaler)
        trainer.train()


def start_low(scaler: Any) -> None:
    """Let a loss scale begin so low that no step is skipped.

    torch's own start leaves out the first updates until the scale fits, the engine repeats those
    steps: their losses would then be of different work.
    """
    scaler.load_state_dict(scaler.state_dict() | {"scale": _LOW_SCALE})


def native_model(job: Job, loaded: LoadedModel) -> nn.Module:
    """Return transformers' own model with the head that the engine's first run starts from."""
    spec = job.specs[0]
    model, native = load_whole(job.checkpoint, job.outputs, job.per_token, spec.dropout)
    model.config.problem_type = _PROBLEMS.get(job.objective)
    _set_parameters(spec, loaded, native)
    return model


def _set_parameters(spec: RunSpec, loaded: LoadedModel, native: Mapping[str, Tensor]) -> None:
    """Draw new parameters as the engine does, and freeze what the techniques freeze."""
    anatomy = loaded.anatomy
    frozen = frozen_depth(spec, anatomy)
    for place in anatomy.parameters:
        parameter = native[place.name]
        parameter.requires_grad_(place.depth > frozen)
        if place.name in loaded.new:
            drawn = draw(spec.weights_seed, anatomy.initializer_range, parameter.shape, place)
            parameter.data.copy_(drawn)


def _arguments(job: Job, folder: str) -> TrainingArguments:
    spec = job.specs[0]
    steps = plan(spec, len(job.train)).steps
    cuda = job.device.startswith("cuda")
    return TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=spec.batch_size,
        max_steps=steps,
        learning_rate=spec.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=math.ceil(spec.warmup * steps),
        weight_decay=spec.weight_decay,
        adam_beta1=spec.beta1,
        adam_beta2=spec.beta2,
        adam_epsilon=spec.epsilon,
        max_grad_norm=spec.clip_norm,
        seed=spec.order_seed,
        bf16=spec.precision == "bfloat16",
        fp16=spec.precision == "float16",
        use_cpu=not cuda,
        dataloader_pin_memory=cuda,
        # The sample is in the order of the contestant's own sampler already.
        train_sampling_strategy="sequential",
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        **_SETTINGS[job.contestant],
    )


def _collator(job: Job, tokenizer: PreTrainedTokenizerBase) -> Any:
    settings: dict[str, Any] = {"padding": "longest", "pad_to_multiple_of": _GRAIN}
    if job.contestant == PUBLISHED:
        settings = {"padding": "max_length", "max_length": job.padded_length}
    kind = DataCollatorForTokenClassification if job.per_token else DataCollatorWithPadding
    return kind(tokenizer, **settings)


class Examples(torch.utils.data.Dataset):
    """A split as transformers' collators want it: one mapping an example, not padded.

    Parameters
    ----------
    encoded
        With the tokenizer's ids.
    segments
        How many segment types the model's embeddings know.
    """

    def __init__(self, encoded: Encoded, segments: int):
        self.encoded, self.segments = encoded, segments

    def __len__(self) -> int:
        return len(self.encoded)

    def __getitem__(self, index: int) -> dict[str, Any]:
        span = slice(self.encoded.offsets[index], self.encoded.offsets[index + 1])
        labels = self.encoded.labels
        found = labels[index] if len(labels) == len(self.encoded) else labels[span]
        example = {
            "input_ids": self.encoded.token_ids[span].tolist(),
            "attention_mask": [1] * (span.stop - span.start),
            "labels": found.tolist(),
        }
        # Where there is one segment, some families take no word of it.
        if self.segments > 1:
            example["token_type_ids"] = self.encoded.segments[span].tolist()
        return example


class _NotingTrainer(Trainer):
    """Keeps every step's loss."""

    def __init__(self, turns: Turns, **settings: Any):
        super().__init__(**settings)
        self.turns = turns

    def training_step(self, *arguments: Any, **settings: Any) -> Tensor:
        loss = super().training_step(*arguments, **settings)
        self.turns.note(loss)
        return loss


class _TakingTurns(TrainerCallback):
    """Holds training up between two turns."""

    def __init__(self, turns: Turns):
        self.turns = turns
        self.left = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        return self._next(control)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        self.left -= 1
        return control if self.left else self._next(control)

    def _next(self, control: Any) -> Any:
        self.left = next(self.turns, 0)
        control.should_training_stop = not self.left
        return control
