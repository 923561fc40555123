"""The settings of a comparison, defined once for notebook, papermill, widgets and command line."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, time
from typing import Any

from workbench.errors import WorkbenchError, unknown
from workbench.store.declared import Declared, folder_name, names, setting
from workbench.tasks.own.path import absolute


@dataclass(frozen=True)
class CompareSettings(Declared):
    """Which finished runs are compared, and how."""

    tasks: str = setting("", "biosses, hoc, ..., or own.yaml, with commas between", "every task")
    models: str = setting("", "names, hub ids or folders, with commas between", "every model")
    techniques: str = setting("", "as in a sweep: baseline,freeze:6+reinit:2", "every technique")
    precision: str = setting(
        "",
        "arithmetic of the runs",
        "every one",
        words={"float32": "", "tf32": "", "bfloat16": "", "float16": ""},
    )
    since: str = setting("", "first day or minute (UTC), such as 2026-01-31", "the first run's")
    until: str = setting("", "last day or minute (UTC)", "the last run's")
    baseline: str = setting("baseline", "the technique that the others are compared with")
    family: str = setting(
        "task",
        "tests that share an error rate",
        words={"task": "and model", "technique": "over tasks", "all": ""},
    )
    split: str = setting("test", "the scores", words={"test": "", "dev": ""})
    scores: str = setting("", "CSV files of scores of other scripts' runs", "none")
    predictions: str = setting("", "CSV files of predictions of other scripts' runs", "none")
    outputs: str = setting(
        "", "folder of runs and reports, relative to the project", "the project's outputs/"
    )
    report: str = setting("compare", "the report's folder in outputs/reports/")

    def __post_init__(self) -> None:
        # What can be seen without loading anything is refused at once.
        _ = self.task_names, self.model_names, self.technique_names, self.paths
        for item in fields(self):
            self._check_word(item.name, item.metadata["words"], item.default)
        if not self.baseline.strip():
            raise WorkbenchError("baseline is empty: name a technique, or leave it out")
        first, last = self.period
        if first and last and first > last:
            raise WorkbenchError(
                f"since is {self.since}, which is after until, {self.until}: exchange them"
            )
        folder_name("report", self.report)

    def _check_word(self, name: str, words: Mapping[str, str], default: Any) -> None:
        value = getattr(self, name)
        if words and value != default and value not in words:
            raise unknown(f"value of {name}", value, words)

    @property
    def task_names(self) -> list[str]:
        """The tasks, in the order given; of a task file the absolute path. None given is all."""
        return [absolute(task) for task in _given("tasks", self.tasks)]

    @property
    def model_names(self) -> list[str]:
        """The models, in the order given; none given is all."""
        return _given("models", self.models)

    @property
    def technique_names(self) -> list[str]:
        """The techniques, in the order given; none given is all."""
        return _given("techniques", self.techniques)

    @property
    def paths(self) -> dict[str, list[str]]:
        """The CSV files that are read, by what they hold: ``"scores"`` or ``"predictions"``."""
        return {name: _given(name, getattr(self, name)) for name in ("scores", "predictions")}

    @property
    def period(self) -> tuple[datetime | None, datetime | None]:
        """The first and the last moment, in UTC, at which a run may have finished.

        Raises
        ------
        WorkbenchError
            When a text is no date.
        """
        return _moment("since", self.since, time.min), _moment("until", self.until, time.max)


def _given(name: str, text: str) -> list[str]:
    return names(name, text) if text else []


def _moment(name: str, text: str, of_day: time) -> datetime | None:
    """Read a moment; a date alone stands for its first or its last one."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WorkbenchError(
            f"{name} is {text!r}, but it must be a date, such as 2026-01-31 or 2026-01-31T18:00"
        ) from None
    if len(text) <= len("2026-01-31"):
        found = datetime.combine(found, of_day)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
