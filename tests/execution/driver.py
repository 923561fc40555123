"""Works on studies in forked children and kills them at named points; reads jobs from stdin.

A job is a line ``{"root": ..., "study": ..., "point": ..., "number": ...}``; the answer is a line
with the child's exit status. The imports are paid once. No code of the package knows about this.
"""

import json
import os
import signal
import sys
import threading
import time

import torch
from transformers import PreTrainedModel

from workbench.execution import shortage, worker
from workbench.saved import settling
from workbench.store import atomic, checkpoints, events, folder
from workbench.store.folder import RunStore
from workbench.store.study import load_study
from workbench.training.cohort import Cohort, Execution


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def count_down(number, act):
    """Return a function that acts on its ``number``-th call."""
    left = [number]

    def tick():
        left[0] -= 1
        if left[0] == 0:
            act()

    return tick


def kill_mid_append(number):
    tick = count_down(number, die)
    flush = events.EventLog.flush

    def half_flush(log):
        if log._waiting:
            content = b"".join(log._waiting)
            os.write(log._file.fileno(), content[: len(content) // 2])
            tick()
            log._file.truncate(log._end)
        flush(log)

    events.EventLog.flush = half_flush


def kill_before_rename(number):
    tick, replace = count_down(number, die), os.replace

    def replace_later(*arguments):
        tick()
        replace(*arguments)

    atomic.os.replace = replace_later


def kill_between_results(number):
    tick, finish = count_down(number, die), folder.RunStore.finish

    def finish_then_tick(store, *arguments):
        finish(store, *arguments)
        tick()

    folder.RunStore.finish = finish_then_tick


def kill_mid_checkpoint(number):
    tick, blocks = count_down(number, die), checkpoints._blocks

    def half_of_the_blocks(*arguments):
        for place, block in enumerate(blocks(*arguments)):
            if place == 5:
                tick()
            yield block

    checkpoints._blocks = half_of_the_blocks


def kill_mid_model(number):
    """Die when the weights are written and nothing else of a model is."""
    tick, save = count_down(number, die), PreTrainedModel.save_pretrained

    def save_then_tick(model, *arguments, **options):
        save(model, *arguments, **options)
        tick()

    PreTrainedModel.save_pretrained = save_then_tick


def kill_before_card(number):
    tick, write = count_down(number, die), settling.write_text

    def tick_then_write(*arguments):
        tick()
        write(*arguments)

    settling.write_text = tick_then_write


def run_short_of_memory():
    """Let cohorts of more than two runs fail at their fifth step."""
    step = Cohort.step

    def limited(cohort):
        if len(cohort.specs) > 2 and cohort.position == 4:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return step(cohort)

    Cohort.step = limited


def kill_while_dividing(number):
    run_short_of_memory()
    tick, divide = count_down(number, die), shortage.divide

    def divide_later(*arguments):
        tick()
        return divide(*arguments)

    shortage.divide = divide_later


def kill_once_divided(number):
    run_short_of_memory()
    tick, save = count_down(number, die), shortage.save_reduction

    def save_then_tick(*arguments):
        save(*arguments)
        tick()

    shortage.save_reduction = save_then_tick


def kill_after(seconds):
    def wait():
        time.sleep(seconds)
        die()

    threading.Thread(target=wait, daemon=True).start()


POINTS = {
    "append": kill_mid_append,
    "rename": kill_before_rename,
    "results": kill_between_results,
    "checkpoint": kill_mid_checkpoint,
    "time": kill_after,
    "model": kill_mid_model,
    "card": kill_before_card,
    "divide": kill_while_dividing,
    "divided": kill_once_divided,
    "none": lambda number: None,
}


def work(job):
    torch.set_num_threads(1)
    POINTS[job["point"]](job.get("number"))
    store = RunStore(job["root"])
    study = load_study(store, job["study"])
    execution = Execution(torch.device("cpu"))
    worker.Worker(store, study, execution, interval=job.get("interval", 0.0)).work()


def main():
    for line in sys.stdin:
        job, started = json.loads(line), time.monotonic()
        child = os.fork()
        if child == 0:
            work(job)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"status": status, "seconds": time.monotonic() - started}), flush=True)


if __name__ == "__main__":
    main()
