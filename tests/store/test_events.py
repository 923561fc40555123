import errno
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.store.events import EventLog, read_events

EVENT = st.dictionaries(
    st.text(), st.none() | st.integers() | st.text() | st.floats(allow_nan=False).map(abs)
)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "events.jsonl"


def steps(events):
    return [event["step"] for event in events]


def write(path, numbers, offset=None):
    with EventLog(path, offset) as log:
        for step in numbers:
            log.append({"step": step})
        return log.offset


@settings(deadline=None, max_examples=50)
@given(events=st.lists(EVENT.map(lambda event: event | {"x": 0.5})), cut=st.integers(0, 10))
def test_a_tail_reads_every_event_once(tmp_path_factory, events, cut):
    path = tmp_path_factory.mktemp("events") / "events.jsonl"
    infinite = float("inf")
    expected = [{k: None if v == infinite else v for k, v in event.items()} for event in events]
    with EventLog(path) as log:
        for event in events[:cut]:
            log.append(event)
        log.flush()
        first, offset = read_events(path)
        assert offset == log.offset == path.stat().st_size
        for event in events[cut:]:
            log.append(event)
    rest, end = read_events(path, offset)
    assert first + rest == expected
    assert read_events(path, end) == ([], end)


def test_numbers_that_are_not_finite_become_null(path):
    with EventLog(path) as log:
        log.append({"loss": float("nan"), "gradient_norm": float("-inf")})
    assert read_events(path)[0] == [{"loss": None, "gradient_norm": None}]


def test_the_file_is_written_at_most_four_times_a_second(path):
    clock = Clock()
    log = EventLog(path, clock=clock)
    seen = []
    for clock.now in (0.0, 0.1, 0.2, 0.25, 0.3, 0.6):
        log.append({"step": clock.now})
        seen.append(len(read_events(path)[0]))
    assert seen == [1, 1, 1, 4, 4, 6]
    clock.now = 0.61
    log.append({"step": clock.now})
    log.close()
    log.close()
    assert len(read_events(path)[0]) == 7


def test_nothing_is_appended_to_a_closed_log(path):
    log = EventLog(path)
    log.close()
    with pytest.raises(ValueError, match="closed"):
        log.append({"step": 1})


def test_opening_starts_anew_and_resuming_cuts_to_the_offset(path):
    write(path, [9, 9])
    offset = write(path, [1, 2])
    write(path, [3, 4], offset)
    assert steps(read_events(path)[0]) == [1, 2, 3, 4]
    write(path, [5], offset)
    assert steps(read_events(path)[0]) == [1, 2, 5]


@pytest.mark.parametrize(("size", "kept"), [(9, []), (12, [1]), (25, [1, 2])])
def test_resuming_a_file_that_lost_its_end_never_pads_it(path, size, kept):
    offset = write(path, [1, 2, 3])
    assert offset == 33  # {"step":1} and its line end are 11 bytes
    os.truncate(path, size)
    write(path, [4], offset)
    assert steps(read_events(path)[0]) == [*kept, 4]
    assert b"\0" not in path.read_bytes()


@pytest.mark.parametrize(
    ("content", "expected", "offset"),
    [
        (b'{"step":1}\n{"st', [1], 11),
        (b'{"step":1}\n{"st\n{"step":3}\n', [1, 3], 27),
        (b'{"step":1}\n\xff\xfe\n[2]\n\n{"step":3}\n', [1, 3], 30),
        (b'{"step":1}\n' + b"[" * 100_000 + b'\n{"step":3}\n', [1, 3], 100_023),
        (b'{"step', [], 0),
        (b"", [], 0),
    ],
)
def test_only_whole_intact_lines_are_read(tmp_path, content, expected, offset):
    path = tmp_path / "events.jsonl"
    path.write_bytes(content)
    events, end = read_events(path)
    assert (steps(events), end) == (expected, offset)


def test_a_log_that_does_not_exist_has_no_events(tmp_path):
    assert read_events(tmp_path / "none", 12) == ([], 0)


def test_a_log_that_was_started_again_is_read_from_its_start(path):
    offset = write(path, [1, 2, 3])
    write(path, [1])
    events, end = read_events(path, offset)
    assert steps(events) == [1]
    assert end == 11 < offset


def test_a_full_disk_says_so_and_a_later_flush_writes_each_event_once(path, monkeypatch):
    log = EventLog(path)
    log.append({"step": 1})
    really = os.write

    def half(descriptor, content):
        if content[:1] == b"{":
            return really(descriptor, content[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        log.append({"step": 2})
        with pytest.raises(WorkbenchError, match="disk is full"):
            log.flush()
    log.close()
    assert steps(read_events(path)[0]) == [1, 2]


def test_a_file_in_the_way_is_explained(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WorkbenchError, match="a file stands where a folder is needed"):
        EventLog(tmp_path / "file" / "events.jsonl")


@pytest.mark.parametrize("writes", [1, 2, 5])
def test_killed_while_appending(tmp_path, killed, writes):
    path = tmp_path / "events.jsonl"
    killed("append", path, writes)
    events, offset = read_events(path)
    assert [event["step"] for event in events] == list(range(writes - 1))
    assert path.stat().st_size > offset  # half a line stays behind the last whole one
    with EventLog(path, offset) as log:
        log.append({"kind": "step", "step": writes - 1})
    events, end = read_events(path)
    assert [event["step"] for event in events] == list(range(writes))
    assert path.stat().st_size == end
