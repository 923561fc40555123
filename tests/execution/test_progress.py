import json

import pytest

from workbench.execution.progress import Progress, ProgressReader


def test_progress_is_read_from_the_events(make_study):
    store, study = make_study(cohort=1)
    reader = ProgressReader(store, study)
    assert reader.look().done == 0
    store.begin(study.specs[0])
    events = [{"kind": "step", "step": step, "loss": 1.0} for step in (1, 2, 3)]
    text = "".join(json.dumps(event) + "\n" for event in events)
    store.events_path(study.run_ids[0]).write_text(text)
    seen = reader.look()
    assert (seen.runs, seen.finished, seen.done, seen.steps) == (4, 0, 3, 36)
    assert seen.seconds_left > 0


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (
            Progress(20, 5, 800, 300, 40.0, 66.0),
            "5 of 20 runs finished, step 300 of 800 (38%), 0:40 gone, about 1:06 left",
        ),
        (
            Progress(2, 0, 10, 0, 3.0, None),
            "0 of 2 runs finished, step 0 of 10 (0%), 0:03 gone, starting",
        ),
        (
            Progress(2, 2, 0, 0, 7300.0, 0.0),
            "2 of 2 runs finished, step 0 of 0 (100%), 2:01:40 gone, about 0:00 left",
        ),
    ],
)
def test_the_line(progress, text):
    assert progress.line() == text
