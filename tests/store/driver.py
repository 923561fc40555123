"""What the tests run in another process: work that kills itself at a chosen moment, or waits."""

import os
import signal
import sys
import zlib
from pathlib import Path

from workbench.spec import RunSpec
from workbench.store.claims import claim
from workbench.store.events import EventLog
from workbench.store.folder import RunStore


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def after(calls, function, action):
    """Return the function, with another action in place of the call of that number."""
    left = int(calls)

    def counted(*arguments):
        nonlocal left
        left -= 1
        return action(*arguments) if left == 0 else function(*arguments)

    return counted


def finish(root, spec_path, when, calls):
    """Finish a run, killed right before or right after the rename of that number."""
    import json

    import numpy as np

    replace = os.replace

    def last(*paths):
        if when == "after":
            replace(*paths)
        die()

    os.replace = after(calls, replace, last)
    content = json.loads(Path(spec_path).read_text())
    predictions = {"test": np.arange(3), "dev": np.array([1.5, 2.5], np.float32)}
    spec = RunSpec.from_json(content["spec"])
    RunStore(root).finish(spec, content["result"], predictions, {"seconds": 2.0})


def append(path, calls):
    """Append events, killed in the middle of the write of that number."""
    write = os.write

    def half(descriptor, content):
        write(descriptor, content[: len(content) // 2])
        die()

    os.write = after(calls, write, half)
    log = EventLog(path)
    for step in range(100):
        log.append({"kind": "step", "step": step})
        log.flush()


def checkpoint(root, calls):
    """Replace a checkpoint, killed once that many blocks are written."""
    import torch

    from workbench.store import checkpoints

    zlib.crc32 = after(calls, zlib.crc32, lambda *_: die())
    tensors = {"b": torch.ones(5000), "a": torch.ones(5000)}
    checkpoints.save(RunStore(root), "cohort", tensors, {"runs": [], "step": 2})


def hold(root, *run_ids):
    """Claim runs, say whether it worked, and hold them until the input ends."""
    held = claim(RunStore(root), run_ids)
    print("taken" if held is None else "claimed", flush=True)
    sys.stdin.read()


def contend(root, rounds, run_id):
    """Claim a run again and again; fail where somebody else holds it at the same time."""
    store, claimed = RunStore(root), 0
    for _ in range(int(rounds)):
        held = claim(store, [run_id])
        if held is not None:
            with held:
                (store.root / "busy").touch(exist_ok=False)
                (store.root / "busy").unlink()
                claimed += 1
    print(claimed)


if __name__ == "__main__":
    {work.__name__: work for work in (finish, append, checkpoint, hold, contend)}[sys.argv[1]](
        *sys.argv[2:]
    )
