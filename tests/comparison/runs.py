"""Tables of runs as a store gives them, for comparisons."""

import pandas as pd

from workbench.spec import RunSpec

NO_SETTINGS = ("task", "model", "techniques", "weights_seed", "order_seed", "dropout_seed")
SPEC = RunSpec(
    task="biosses",
    data="d" * 64,
    model="tiny",
    weights="sha256:" + "w" * 64,
    learning_rate=2e-5,
    batch_size=16,
    epochs=3,
    max_length=128,
    weights_seed=0,
    order_seed=0,
    dropout_seed=0,
)
SETTINGS = {
    name: value
    for name, value in SPEC.to_json().items()
    if name not in {*NO_SETTINGS, "schema", "numerics"}
}


def group(technique, scores, *, task="biosses", model="tiny", seeds=None, collapsed=(), **changes):
    """Return the rows of one group, a score a seed; those of collapsed seeds are named."""
    rows = [
        {
            "run": f"{task}-{model}-{technique}-{seed}-{sorted(changes.items())}",
            "task": task,
            "model": model,
            "technique": technique,
            "seed": seed,
            "order_seed": seed,
            "dropout_seed": seed,
            "metric": "pearson",
            "dev": score,
            "test": score,
            "collapsed": seed in collapsed,
            "above_trivial": True,
            "final_loss": 0.1,
            "test_pearson": score,
            "source": "store",
            **SETTINGS,
            **changes,
        }
        for seed, score in zip(seeds or range(len(scores)), scores, strict=True)
    ]
    return pd.DataFrame(rows)


def together(*groups):
    """Return several groups as one table."""
    return pd.concat(groups, ignore_index=True)
