"""What each contrast of a table of comparisons shows, in words that claim no more than its numbers.

A claim is made only where the table's verdict and its interval agree on it, so that no sentence
can contradict the interval that it prints.
"""

from collections.abc import Callable, Iterator
from math import isnan

import pandas as pd

from workbench.analysis.decision import Verdict, fewest_pairs
from workbench.analysis.power import POWER
from workbench.comparison.sentence import (
    Answer,
    Row,
    Sentence,
    above,
    ask,
    below,
    either,
    in_points,
    known,
    places,
)
from workbench.tasks.catalogue import shown
from workbench.wording import counted

BETTER_HERE = ask("better here", "Is it better on these test items?")
BETTER_ON_NEW = ask("better on new items", "Is it better on new test items like these?")
STEADIER = ask("steadier", "Do its scores spread less from seed to seed?")
COLLAPSES_LESS = ask("collapses less", "Does it collapse less often?")
ENOUGH = ask("enough seeds", "Were there seeds enough to find a difference?")
LEARNED = ask("learned", "Did its runs learn anything?", expected=Answer.YES)

CONTRAST_QUESTIONS = (BETTER_HERE, BETTER_ON_NEW, STEADIER, COLLAPSES_LESS, ENOUGH, LEARNED)


def contrast_rows(table: pd.DataFrame) -> Iterator[Row]:
    """Yield the rows that are compared with a baseline, with what is known of that one.

    Parameters
    ----------
    table
        From `workbench.comparison.table.compare`.

    Yields
    ------
    Mapping
        The row, and of its baseline ``baseline_technique``, ``baseline_n``,
        ``baseline_collapsed`` and ``baseline_undefined``.
    """
    groups = {row["group"]: row for row in table.to_dict("records")}
    for row in groups.values():
        if (base := groups.get(row["baseline"])) is not None:
            facts = ("technique", "n", "collapsed", "undefined")
            yield row | {f"baseline_{name}": base[name] for name in facts}


def verdicts(table: pd.DataFrame) -> list[Sentence]:
    """Answer every question about every contrast, contrast by contrast.

    Of a contrast that nothing can be said of, as it has too few pairs or none of its runs learned,
    the rest is not asked: it could only repeat that.

    Parameters
    ----------
    table
        From `workbench.comparison.table.compare`.
    """
    return [answer(row) for row in contrast_rows(table) for answer in _asked(row)]


def _asked(row: Row) -> tuple[Callable[[Row], Sentence], ...]:
    if nothing_learned(row):
        return _better_here, _learned
    if row["verdict"] == Verdict.TOO_FEW:
        return _better_here, _enough, _learned
    return _better_here, _better_on_new, _steadier, _collapses_less, _enough, _learned


def helps(row: Row) -> Answer:
    """Return whether a contrast is decided for the technique (yes), against it (no), or not."""
    if nothing_learned(row):
        return Answer.UNDECIDED
    better = row["verdict"] == Verdict.BETTER and above(row["difference_low"])
    worse = row["verdict"] == Verdict.WORSE and below(row["difference_high"])
    return either(better, worse)


def place(row: Row) -> str:
    """Return where a contrast was made: ``"biosses with minilm (learning rate 0.0001)"``."""
    settings = row["settings"] if isinstance(row["settings"], str) else ""
    where = f"{shown(row['task'])} with {row['model']}"
    return f"{where} ({settings})" if settings else where


def _better_here(row: Row) -> Sentence:
    answer, sides = helps(row), f"{row['technique']} against {row['baseline_technique']}"
    if nothing_learned(row):
        text = f"{sides} says nothing"
    elif row["verdict"] == Verdict.IDENTICAL:
        answer, text = Answer.NO, f"{sides}: the same score in each of {_pairs(row)}"
    else:
        text = f"{row['technique']} {_compared(row, answer)}: {_shown_difference(row)}"
    return _said(BETTER_HERE, answer, row, f"On {place(row)}, {text}.")


def _compared(row: Row, answer: Answer) -> str:
    against = row["baseline_technique"]
    return {
        Answer.YES: f"is better than {against} on these test items",
        Answer.NO: f"is worse than {against} on these test items",
        Answer.UNDECIDED: f"against {against} is undecided on these test items",
    }[answer]


def _shown_difference(row: Row) -> str:
    if not known(row["difference"]):
        return "no seed has a score of both"
    size = in_points(row["difference"], row["difference_low"], row["difference_high"])
    adjusted = "" if row["verdict"] == Verdict.TOO_FEW else _adjusted(row)
    return f"{size} over {_pairs(row)}{adjusted}"


def _adjusted(row: Row) -> str:
    if not known(row["level"]):
        return ""
    return f"; the interval is of {100 * (1 - row['level']):.4g}%{_together(row)}"


def _together(row: Row) -> str:
    """Say that a question was decided for several techniques at once."""
    if not known(row["comparisons"]) or row["comparisons"] < 2:
        return ""
    return f", one of {int(row['comparisons'])} comparisons decided together (Holm)"


def _how_many(row: Row) -> str:
    if not known(row["level"]):
        return ""
    needed = fewest_pairs(row["level"])
    return f": {needed} could" if needed else ""


def _better_on_new(row: Row) -> Sentence:
    technique = row["technique"]
    if not (known(row["items_low"]) and known(row["items_high"])):
        text = f"For new test items like these it is not known how {technique} does"
        return _said(BETTER_ON_NEW, Answer.UNDECIDED, row, f"{text}.")
    here = helps(row)
    answer = either(
        here is Answer.YES and row["items_verdict"] == Verdict.BETTER and above(row["items_low"]),
        here is Answer.NO and row["items_verdict"] == Verdict.WORSE and below(row["items_high"]),
    )
    words = {
        Answer.YES: f"{technique} is better on new test items like these too",
        Answer.NO: f"{technique} is worse on new test items like these too",
        Answer.UNDECIDED: f"For new test items like these, {technique} is undecided",
    }[answer]
    size = in_points(row["difference"], row["items_low"], row["items_high"])
    return _said(BETTER_ON_NEW, answer, row, f"{words}: {size}.")


def _steadier(row: Row) -> Sentence:
    technique, base = row["technique"], row["baseline_technique"]
    low, high = row["sd_ratio_low"], row["sd_ratio_high"]
    if nothing_learned(row) or not (known(row["sd_ratio"]) and known(low)):
        text = f"Whether {technique} is steadier than {base} cannot be told from {_pairs(row)}."
        return _said(STEADIER, Answer.UNDECIDED, row, text)
    answer = either(
        row["steadier"] == "steadier" and below(high, 1),
        row["steadier"] == "less steady" and above(low, 1),
    )
    words = {
        Answer.YES: f"{technique} is steadier than {base}",
        Answer.NO: f"{technique} is less steady than {base}",
        Answer.UNDECIDED: f"Whether {technique} is steadier than {base} is undecided",
    }[answer]
    ratio = _ratio(row["sd_ratio"], low, high)
    return _said(
        STEADIER,
        answer,
        row,
        f"{words}: its standard deviation is {ratio} times the other's{_together(row)}.",
    )


def _ratio(value: float, low: float, high: float) -> str:
    digits = places(low, high, 1, 2)
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _collapses_less(row: Row) -> Sentence:
    technique, base = row["technique"], row["baseline_technique"]
    low, high = row["collapse_difference_low"], row["collapse_difference_high"]
    answer = Answer.UNDECIDED
    if known(low) and known(high):
        less, more = row["collapses"] == "less often", row["collapses"] == "more often"
        answer = either(less and below(high), more and above(low))
    words = {
        Answer.YES: f"{technique} collapses less often than {base}",
        Answer.NO: f"{technique} collapses more often than {base}",
        Answer.UNDECIDED: f"Whether {technique} collapses less often than {base} is undecided",
    }[answer]
    text = f"{words}: {_collapsed_counts(row)}{_together(row)}."
    return _said(COLLAPSES_LESS, answer, row, text)


def _collapsed_counts(row: Row) -> str:
    sides = (("", row["technique"]), ("baseline_", row["baseline_technique"]))
    counts = [
        f"{int(row[f'{side}collapsed'])} of {int(row[f'{side}n'])} runs with {name}"
        for side, name in sides
        if known(row[f"{side}collapsed"])
    ]
    if len(counts) < 2:
        return "it is not recorded which runs collapsed"
    size = in_points(*(row[f"collapse_difference{end}"] for end in ("", "_low", "_high")))
    return f"{' and '.join(counts)} collapsed, {size.replace('points', 'percentage points')}"


def _enough(row: Row) -> Sentence:
    pairs = _pairs(row)
    if row["verdict"] == Verdict.TOO_FEW:
        text = f"{pairs} are too few to decide anything, whatever they show{_how_many(row)}."
        return _said(ENOUGH, Answer.NO, row, text)
    if not known(row["detectable"]) or row["detectable"] <= 0:
        text = f"What difference {pairs} can find is not known, since theirs do not vary."
        return _said(ENOUGH, Answer.UNDECIDED, row, text)
    found = (
        f"{pairs} find a true difference of {100 * row['detectable']:.2g} points in at most "
        f"{POWER:.0%} of such comparisons, a smaller one less often"
    )
    unsaid = "" if helps(row) is not Answer.UNDECIDED else ": undecided does not mean no difference"
    return _said(ENOUGH, Answer.YES, row, f"{found}{unsaid}.")


def _learned(row: Row) -> Sentence:
    sides = [_share(row, ""), _share(row, "baseline_")]
    names = [row["technique"], row["baseline_technique"]]
    if any(isnan(share) for share in sides):
        text = f"Whether runs with {names[0]} or {names[1]} collapsed is not recorded."
        return _said(LEARNED, Answer.UNDECIDED, row, text)
    failed = [name for name, share in zip(names, sides, strict=True) if share == 1]
    if failed:
        text = f"Nothing learned: every run with {' and with '.join(failed)} collapsed."
        return _said(LEARNED, Answer.NO, row, text)
    return _said(LEARNED, Answer.YES, row, f"Runs with {names[0]} and with {names[1]} learned.")


def _share(row: Row, side: str) -> float:
    """Return the share of a side's runs that collapsed, NaN where it is not recorded."""
    count, runs = row[f"{side}collapsed"], row[f"{side}n"]
    return count / runs if known(count) and known(runs) and runs else float("nan")


def nothing_learned(row: Row) -> bool:
    """Tell whether every run of a contrast collapsed, on both sides."""
    return _share(row, "") == 1 and _share(row, "baseline_") == 1


def _pairs(row: Row) -> str:
    return counted(int(row["pairs"]) if known(row["pairs"]) else 0, "pair") + " of seeds"


def _said(question: str, answer: Answer, row: Row, text: str) -> Sentence:
    return Sentence(question, answer, text, row["group"])
