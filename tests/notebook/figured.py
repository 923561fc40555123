"""Tables of a small study, and what its figures show."""

import pandas as pd


def losses(models=("bert",), techniques=("baseline", "freeze:3"), seeds=3, steps=4):
    """Losses whose value is technique number + seed squared + step / 100."""
    return pd.DataFrame(
        [
            (model, technique, seed, step, i + seed**2 + step / 100)
            for model in models
            for i, technique in enumerate(techniques)
            for seed in range(seeds)
            for step in range(1, steps + 1)
        ],
        columns=["model", "technique", "seed", "step", "loss"],
    )


def history(**sizes):
    return losses(**sizes).rename(columns={"step": "epoch", "loss": "dev"})


def runs(*scores, techniques=("baseline", "freeze:3"), models=("bert",)):
    rows = [
        (model, technique, seed, score)
        for model in models
        for technique in techniques
        for seed, score in enumerate(scores)
    ]
    table = pd.DataFrame(rows, columns=["model", "technique", "seed", "test"])
    return table.assign(collapsed=False, above_trivial=True)


def named(figure, words):
    return [trace for trace in figure.data if words in (trace.name or "")]


def texts(figure):
    return [note.text for note in figure.layout.annotations]
