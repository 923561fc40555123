import pytest

from workbench.notebook.watching.status import Status


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status(), "no study yet"),
        (Status(planning=True), "planning"),
        (Status("a", "starting", 2, 0, 8, 0), "a starting: 0 of 2 runs, step 0 of 8"),
        (
            Status("a", "stopping", 2, 0, 8, 3, 0, 60.0, 5.0, 10**9),
            "a stopping: 0 of 2 runs, step 3 of 8, 5 tokens/s, 1.0 GB",
        ),
        (
            Status("a", "stopped", 2, 1, 8, 5, 5, 3.0, 4.0, 5),
            "a stopped: 1 of 2 runs, step 5 of 8",
        ),
    ],
)
def test_the_line_says_what_counts_now(status, expected):
    assert status.line() == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status(), "Press Run, or pick a study of the list and press Attach."),
        (Status(planning=True), "Planning: data and models are being looked up."),
        (Status(opening="b"), "Opening b."),
        (Status("a", "starting"), "Starting: the workers load libraries, data and model."),
        (
            Status("a", "running", planning=True),
            "Training goes on in processes of its own, also when this page is closed. "
            "Planning: data and models are being looked up.",
        ),
        (
            Status("a", "stopping", kept=5),
            "Stopping: the workers end the step or the scoring they are in, save a checkpoint "
            "and end.",
        ),
        (Status("a", "stopped", kept=1500), "Stopped. Resume goes on from step 1,500."),
        (Status("a", "stopped"), "Stopped. Resume starts it."),
        (Status("a", "failed", kept=3), "Failed. Resume goes on from step 3."),
        (
            Status("a", "finished", elsewhere="b"),
            "Every run is finished. Meanwhile b trains: attach to it to see or stop it.",
        ),
    ],
)
def test_the_sentence_says_what_happens_and_what_can_be_done(status, expected):
    assert status.sentence() == expected


def test_the_share_of_nothing_is_none_unless_it_is_finished():
    assert [Status("a", state).share for state in ("stopped", "finished")] == [0, 1]
    assert Status("a", "running", steps=8, done=2).share == 0.25
