"""What a methods section says of the rule: what is compared, how, and for what test items."""

from collections import Counter
from collections.abc import Iterator

from workbench.analysis.adaptive import Rule
from workbench.analysis.items import RESAMPLES
from workbench.errors import WorkbenchError
from workbench.protocol.deciding import (
    Family,
    families,
    number_of_contrasts,
    over_subsets,
    paired_arms,
    rule,
)
from workbench.protocol.declaration import Declaration
from workbench.protocol.evidence import Evidence, listed
from workbench.protocol.methods_training import Statement
from workbench.protocol.sections import NEW, THESE
from workbench.wording import counted


def deciding(found: Evidence) -> Iterator[Statement]:
    """Say what is compared, and by which rule each contrast is decided."""
    declaration = found.declaration
    contrast, number = declaration.contrast, number_of_contrasts(declaration)
    compared = listed(f"{arm} against {other}" for arm, other in declaration.baselines.items())
    declared = f"{counted(number, 'contrast')} ({compared}, on each task and size)"
    margin = counted(contrast.margin, "point")
    rows = (
        ("contrasts", declared),
        ("expected direction", contrast.direction),
        ("margin", f"{margin} of 100"),
        ("error", f"{contrast.error:g} for all contrasts together"),
    )
    yield Statement(
        (*rows, *_tests(declaration)),
        f"Declared{_on(found)}: {declared} of mean test scores, the arm's expected to be "
        f"{_EXPECTED[contrast.direction]}; a margin of {margin}; an error of {contrast.error:g} "
        "for all contrasts together (Bonferroni: Dunn 1961). "
        "A contrast is better or worse where its interval excludes 0, equivalent where the "
        "interval lies within the margin on either side (Schuirmann 1987, Journal of "
        "Pharmacokinetics and Biopharmaceutics 15, 657-680), and else undecided. "
        + " ".join(text for _, text in _tests(declaration)),
    )


_EXPECTED = {"higher": "higher", "lower": "lower", "either": "either higher or lower"}


def _on(found: Evidence) -> str:
    return f" on {found.declared[:10]}" if found.declared else ""


def _tests(declaration: Declaration) -> tuple[tuple[str, str], ...]:
    """Return the tests in use, each with its source."""
    compared = families(declaration)
    paired = [each for each in compared if paired_arms(declaration, each)]
    unpaired = [each for each in compared if len(paired_arms(declaration, each)) < len(each.arms)]
    found = [("paired contrasts", _paired(declaration, each)) for each in paired]
    if unpaired:
        found.append(("contrasts of two checkpoints", _WELCH))
    return tuple(dict.fromkeys(found))


_WELCH = (
    "Arms of two checkpoints are independent samples: the interval is Welch's (1947, Biometrika "
    "34)."
)


def _paired(declaration: Declaration, family: Family) -> str:
    units = "by subset, its seeds averaged" if over_subsets(declaration, family) else "by seed"
    try:
        decided = rule(declaration, family)
    except WorkbenchError:  # So few pairs decide nothing.
        return (
            f"Arms of one checkpoint are paired {units}; these are too few to decide anything, so "
            "Student's interval is shown."
        )
    return (
        f"Arms of one checkpoint are paired {units} on the same test items; the interval is the "
        "wider of Student's (1908, Biometrika 6) and that of a sign-flip test (Fisher 1935, The "
        f"design of experiments, section 21; Hartigan 1969, JASA 64, 1303-1317), {_looks(decided)}."
    )


def _looks(decided: Rule) -> str:
    used = [(n, level) for n, level in zip(decided.looks, decided.levels, strict=True) if level]
    if len(decided.looks) == 1:
        return f"at a level of {used[0][1]:.2g} over {used[0][0]} pairs"
    levels = listed(f"{level:.2g} at {count}" for count, level in used)
    return (
        f"looked at with {listed(decided.looks)} pairs, each at a level of its own ({levels}; "
        "error spending of Lan and DeMets 1983, Biometrika 70, 659-663, with the power function "
        "of Kim and DeMets 1987, Biometrika 74, 149-154)"
    )


def items(found: Evidence) -> Iterator[Statement]:
    """Say whether intervals are for new test items, and how their error was found."""
    about = Counter(found.items)
    if not about[NEW]:
        yield Statement((("test items", "these alone"),), f"Intervals are {_THESE}")
        return
    exceptions = ""
    if about[THESE]:
        alone = counted(about[THESE], "contrast")
        exceptions = f", but for {alone} these alone, where the items' error is not known"
    yield Statement(
        (("test items", f"new ones like these{exceptions}"),),
        f"Intervals are for new test items like these{exceptions}: to the error over seeds that of "
        f"the items is added, found by scoring the stored predictions of every run on {RESAMPLES} "
        "draws of the test items with replacement (Owen 2007, Annals of Applied Statistics 1, "
        "386-411; Searle, Casella and McCulloch 1992, Variance components, chapter 4; Zou and "
        "Donner 2008, Statistics in Medicine 27, 1693-1702).",
    )


_THESE = "over the runs on these test items alone: they do not say how other items would turn out."
