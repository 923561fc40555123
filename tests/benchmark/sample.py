"""Fixed measurements, from which the numbers of a report were worked out by hand."""


def measured(contestant, seconds, runs=1, workers=1, **values):
    return {
        "contestant": contestant,
        "runs": runs,
        "workers": workers,
        "seconds": seconds,
        "first": None,
        "memory": 1.5e9,
        "problem": "",
    } | values


def comparison(contestants, **values):
    return {
        "task": "biosses",
        "technique": "baseline",
        "precision": "float32",
        "examples_per_step": 16.0,
        "tokens_per_step": 1200.0,
        "operations_per_step": 6e10,
        "steps_per_epoch": 4.0,
        "rates": [1e11, 1e11, 2e11],
        "contestants": contestants,
    } | values


PEERS = (
    measured("published", [10.0, 12.0, 11.0], memory=2.25e9),
    measured("tuned", [1.0, 1.5, 2.0]),
)


# Ratios by round: published 20, 15, 11; tuned 2, 1.875, 2.
# The engine's share by round: 6e10 / (0.5 x 1e11) = 1.2, / (0.8 x 1e11) = 0.75,
# / (1.0 x 2e11) = 0.3; published 0.06, 0.05, 0.03; tuned 0.6, 0.4, 0.15.
ALONE = measured("engine", [0.5, 0.8, 1.0], first=3.25)


SIDE = measured("engine", [1.0, 1.2, 1.0], workers=2)


COHORT = measured("engine", [None, 2.0, 4.0], runs=10)


SLOW = measured("engine", [9.0, 9.0, 9.0], runs=4)


FAILED = measured("engine", [None, None, None], memory=None, problem="out of memory")


def results(comparisons=(), seeds=(1, 5), **values):
    return {
        "command": "python -m workbench bench",
        "date": "2030-01-01 00:00",
        "machine": {
            "gpu": None,
            "processor": "a processor",
            "cores": 2,
            "threads": 2,
            "load_average": 0.25,
            "memory_bytes": 8e9,
            "instruction_sets": ["avx2"],
            "versions": {"torch": "2"},
        },
        "model": "minilm",
        "seeds": list(seeds),
        "rounds": 3,
        "notes": ["bfloat16 is not native to this cpu: not measured."],
        "tasks": [],
        "comparisons": list(comparisons),
        "agreements": [],
        "random_weights": False,
        "precision": None,
        "scaling": None,
    } | values


SCALING = {
    "precision": "float32",
    "cohorts": [
        {
            "runs": 4,
            "seconds_per_step": 2.0,
            "seconds_per_run": 0.5,
            "memory": 1e9,
            "problem": "",
        }
    ],
    "examples": [
        {
            "examples": 64,
            "prepare_seconds": 0.5,
            "seconds_per_step": 0.25,
            "steps_per_epoch": 8,
            "seconds_per_epoch": 2.0,
            "growth": None,
            "memory": 1e9,
            "problem": "",
        },
        {
            "examples": 256,
            "prepare_seconds": 1.0,
            "seconds_per_step": None,
            "steps_per_epoch": 32,
            "seconds_per_epoch": None,
            "growth": None,
            "memory": None,
            "problem": "out of memory",
        },
    ],
}


def precision(name, scores, losses, repeated=()):
    return {
        "precision": name,
        "cohort": 1,
        "seconds": 12.5,
        "scores": scores,
        "losses": losses,
        "repeated": list(repeated),
    }


# Differences of the scores: 0.02, 0, 0.04: mean 0.02, sd 0.02, Student's t of two degrees of
# freedom 4.3027: 0.02 -+ 4.3027 x 0.02 / 3 ** 0.5 = 0.02 -+ 0.0497. Of the losses: -0.1 thrice
# but for 0.001.
PRECISION = {
    "task": "biosses",
    "title": "BIOSSES",
    "text": "real text",
    "metric": "pearson",
    "seeds": 3,
    "steps": 60,
    "precisions": [
        precision("float32", [0.50, 0.60, 0.70], [1.0, 1.1, 1.2]),
        precision("float16", [0.52, 0.60, 0.74], [0.9, 1.001, 1.1], [0, 1, 2]),
        precision("bfloat16", [None, 0.60, 0.70], [1.0, 1.1, 1.2]),
    ],
}
