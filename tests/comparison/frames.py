"""Tables of comparisons as `workbench.comparison.table.compare` returns them, in a few words."""

import math

import pandas as pd

NAN = math.nan

BASELINE = {
    "low": 0.58,
    "high": 0.62,
    "group": "base",
    "task": "hoc",
    "model": "pubmedbert",
    "settings": "",
    "technique": "baseline",
    "source": "store",
    "n": 10,
    "undefined": 0,
    "mean": 0.60,
    "sd": 0.02,
    "collapsed": 0,
    "baseline": None,
    "pairs": NAN,
    "difference": NAN,
    "difference_sd": NAN,
    "difference_low": NAN,
    "difference_high": NAN,
    "level": NAN,
    "p": NAN,
    "verdict": None,
    "items_low": NAN,
    "items_high": NAN,
    "item_sd": NAN,
    "items_verdict": None,
    "sd_ratio": NAN,
    "sd_ratio_low": NAN,
    "sd_ratio_high": NAN,
    "steadier": None,
    "collapse_difference": NAN,
    "collapse_difference_low": NAN,
    "collapse_difference_high": NAN,
    "collapses": None,
    "detectable": NAN,
    "comparisons": NAN,
}

ARM = BASELINE | {
    "group": "arm",
    "technique": "freeze:6",
    "mean": 0.61,
    "baseline": "base",
    "pairs": 10,
    "difference": 0.01,
    "difference_sd": 0.03,
    "difference_low": -0.01,
    "difference_high": 0.03,
    "level": 0.05,
    "p": 0.3,
    "verdict": "undecided",
    "items_low": -0.02,
    "items_high": 0.04,
    "item_sd": 0.01,
    "items_verdict": "undecided",
    "sd_ratio": 0.9,
    "sd_ratio_low": 0.5,
    "sd_ratio_high": 1.6,
    "steadier": "undecided",
    "collapse_difference": 0.0,
    "collapse_difference_low": -0.3,
    "collapse_difference_high": 0.3,
    "collapses": "undecided",
    "detectable": 0.03,
    "comparisons": 1,
}

BETTER = {
    "difference": 0.05,
    "difference_low": 0.03,
    "difference_high": 0.07,
    "p": 0.001,
    "verdict": "better",
}
WORSE = {
    "difference": -0.05,
    "difference_low": -0.07,
    "difference_high": -0.03,
    "p": 0.001,
    "verdict": "worse",
}
IDENTICAL = {
    "difference": 0.0,
    "difference_sd": 0.0,
    "difference_low": 0.0,
    "difference_high": 0.0,
    "verdict": "identical",
}
TOO_FEW = {
    "pairs": 5,
    "difference_low": -math.inf,
    "difference_high": math.inf,
    "p": 0.0625,
    "verdict": "too few",
}


def table(*arms, **baseline):
    """Return a table of one baseline and what is compared with it, each changed as given."""
    return pd.DataFrame([BASELINE | baseline, *(ARM | arm for arm in arms)])


def pairs(scores):
    """Return the pairs of groups whose scores by seed are given, the baseline's under ``base``."""
    base = scores["base"]
    rows = [
        {
            "group": group,
            "seed": seed,
            "score": score,
            "baseline_score": base[seed],
            "difference": score - base[seed],
        }
        for group, values in scores.items()
        if group != "base"
        for seed, score in enumerate(values)
    ]
    columns = ["group", "seed", "score", "baseline_score", "difference"]
    return pd.DataFrame(rows, columns=columns)
