"""What a methods section says of tuning, seeds, the effort, failures and the software."""

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from workbench import __version__
from workbench.protocol.declaration import AUTO
from workbench.protocol.evidence import Evidence, Trained, listed, numbers, told
from workbench.protocol.methods_training import Statement

_SEED = "One seed a run draws new weights, the order of the data and dropout."


def tuning(found: Evidence) -> Iterator[Statement]:
    """Say what each arm tried, with which seeds, and what was chosen."""
    if not found.tuned:
        yield _not_tuned(found)
        return
    runs = {arm: _runs(run for run in found.tuned if run.arm == arm) for arm in _arms(found)}
    equal = len(set(runs.values())) == 1
    budget = (
        f"{max(runs.values())} each" if equal else listed(f"{n} ({a})" for a, n in runs.items())
    )
    seeds = numbers(run.spec.weights_seed for run in found.tuned)
    tried = "; ".join(f"{arm}: {_tried(found, arm)}" for arm in _arms(found))
    chosen = {arm: _chosen(found, arm) for arm in _arms(found)}
    yield Statement(
        (
            ("candidates", tried),
            ("tuning seeds", seeds),
            ("tuning runs of an arm", budget),
            *((f"chosen, {arm}", text) for arm, text in chosen.items()),
        ),
        f"Tuning, for each task and size: of its candidates ({tried}) each arm took the one with "
        f"the highest mean dev score over seeds {seeds}, of which none is reported "
        f"(tuning runs: {budget}; on what a number of tries does: Dodge et al. 2020, "
        "arXiv:2002.06305). No test score took part. Chosen were "
        f"{'; '.join(f'{arm}: {text}' for arm, text in chosen.items())}.",
    )


def _not_tuned(found: Evidence) -> Statement:
    rates = told(found.reported, _rate)
    shared = (
        "one shared learning rate" if len({*map(_rate, found.reported)}) == 1 else "a rate each"
    )
    return Statement(
        (("tuning", f"none: {shared}, {rates}"),),
        f"Nothing was tuned: the arms trained at {shared}, {rates}, which is unfair to an arm that "
        "wants another.",
    )


def _arms(found: Evidence) -> list[str]:
    return list(found.declaration.arms)


def _tried(found: Evidence, arm: str) -> str:
    runs = [run for run in found.tuned if run.arm == arm]
    techniques = " or ".join(dict.fromkeys(run.technique for run in runs))
    rates = sorted({run.spec.learning_rate for run in runs})
    return f"{techniques} at {' or '.join(f'{each:g}' for each in rates)}"


def _chosen(found: Evidence, arm: str) -> str:
    return told((run for run in found.reported if run.arm == arm), _candidate)


def _candidate(run: Trained) -> str:
    return f"{run.technique} at {_rate(run)}"


def _rate(run: Trained) -> str:
    return f"{run.spec.learning_rate:g}"


def reporting(found: Evidence) -> Iterator[Statement]:
    """Say which seeds are reported, and of which epoch."""
    seeds = _per_arm(found, lambda runs: numbers(run.spec.weights_seed for run in runs))
    point = told(found.reported, _point)
    until = " (added until the rule decided)" if found.declaration.seeds == AUTO else ""
    one = all(_seeds(run) == {run.spec.weights_seed} for run in found.reported)
    yield Statement(
        (("reported seeds", f"{seeds}{until}"), ("reporting point", point)),
        f"Reported are seeds {seeds}{until}. {f'{_SEED} ' * one}The test set was scored once, "
        f"after training, with the weights of {point}.",
    )


def _seeds(run: Trained) -> set[int]:
    return {run.spec.weights_seed, run.spec.order_seed, run.spec.dropout_seed}


def _point(run: Trained) -> str:
    return {"last": "the last epoch"}.get(run.spec.reporting, "the epoch that is best on dev")


def _per_arm(found: Evidence, value: Any) -> str:
    """Write what the arms have in common, or what each has."""
    groups = {arm: [run for run in found.reported if run.arm == arm] for arm in _arms(found)}
    values = {arm: value(runs) for arm, runs in groups.items() if runs}
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    return listed(f"{each} ({arm})" for arm, each in values.items())


def effort(found: Evidence) -> Iterator[Statement]:
    """Say how many runs it took, and how long they trained on what."""
    counts = f"{_runs(found.tuned)} to tune, {_runs(found.reported)} to report"
    yield Statement(
        (("runs", counts), ("hours", _hours(found.every))),
        f"Runs: {counts}. They trained for {_hours(found.every)}, added up.",
    )


def _runs(runs: Iterable[Trained]) -> int:
    return len({run.spec.id for run in runs})


def _hours(runs: Iterable[Trained]) -> str:
    """Write the hours of each device; runs that trained together share theirs."""
    seconds: dict[tuple[str, Hashable], float] = {}
    resumed = False
    for run in runs:
        if "seconds" in run.timings:
            together = tuple(run.timings.get("cohort", [run.spec.id]))
            device = run.timings.get("device", "a device that is not on record")
            seconds[device, together] = run.timings["seconds"]
            resumed |= run.timings.get("first_step", 0) > 0
    devices = dict.fromkeys(device for device, _ in seconds)
    hours = {each: sum(s for (d, _), s in seconds.items() if d == each) for each in devices}
    least = "at least " if resumed else ""  # What was done before a stop is not on record.
    if not hours:
        return "a time that is not on record"
    return listed(f"{least}{_time(total)} of {each}" for each, total in hours.items())


def _time(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.1f} minutes"


def failures(found: Evidence) -> Iterator[Statement]:
    """Say which runs collapsed; they stay in every mean."""
    counted = {
        arm: (
            _runs(run for run in found.reported if run.arm == arm and run.result.get("collapsed")),
            _runs(run for run in found.reported if run.arm == arm),
        )
        for arm in _arms(found)
    }
    text = listed(f"{arm} {failed} of {runs}" for arm, (failed, runs) in counted.items())
    yield Statement(
        (("collapsed runs", text),),
        f"Collapsed (no lower training loss than the best constant answer, or one answer to all "
        f"test items; after Mosbach et al. 2021, arXiv:2006.04884, and Dodge et al. 2020): {text}. "
        "Collapsed runs are in every mean.",
    )


def amendments(found: Evidence) -> Iterator[Statement]:
    """Say what was changed after results could be seen."""
    if found.amendments:
        rows = tuple(("amendment", each) for each in found.amendments)
        yield Statement(rows, " ".join(found.amendments))
    else:
        text = "none after reported runs had finished"
        yield Statement((("amendments", text),), f"Changes to the study: {text}.")


def software(found: Evidence) -> Iterator[Statement]:
    """Say what computed the runs, as their folders hold it."""
    runs = [run for run in found.every if run.timings]
    names = {"python": "Python", "torch": "torch", "transformers": "transformers"}
    versions = [(title, told(runs, _recorded(name))) for name, title in names.items()]
    hardware = told(runs, _recorded("device"))
    told_versions = listed(f"{title} {version}" for title, version in versions)
    yield Statement(
        (
            *versions,
            ("workbench", __version__),
            ("hardware", hardware),
            ("threads", _threads(runs)),
        ),
        f"The runs were computed with {told_versions} on {hardware}, and reported by version "
        f"{__version__} of the biomedical fine-tuning workbench.",
    )


def _threads(runs: list[Trained]) -> str:
    return told(runs, _recorded("threads"))


def _recorded(name: str) -> Any:
    return lambda run: run.timings.get(name, "not on record")
