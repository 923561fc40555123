"""The project's engine as a contestant: a cohort, as a sweep would train it."""

from dataclasses import replace

import torch

from workbench.benchmark.job import Job, Turns
from workbench.models.vocabulary import places, restrict
from workbench.training.cohort import Cohort
from workbench.training.plan import Execution


def train(job: Job, turns: Turns) -> None:
    """Train the cohort of a job's runs, with the word embeddings that the task's text uses."""
    encoded = replace(job.train, token_ids=places(job.train.token_ids, job.used))
    model = restrict(job.load(), job.used)
    execution = Execution(torch.device(job.device), compiled=job.compiled)
    cohort = Cohort(job.specs, model, encoded, job.objective, execution)
    for steps in turns:
        for _ in range(steps):
            losses, _ = cohort.step()
            turns.note(losses)
