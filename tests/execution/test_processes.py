import pytest

from workbench.execution.processes import is_worker


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["python", "-m", "workbench.execution.launch"], True),
        (["python", "-X", "dev", "-m", "workbench", "work", "a", "--device", "cpu"], True),
        (["python", "-m", "workbench", "sweep", "-p", "task", "work"], False),
        (["python", "-m", "ipykernel_launcher", "-f", "workbench"], False),
        (["vim", "workbench", "work"], False),
        ([], False),
        (None, False),
    ],
)
def test_only_workers_are_taken_for_workers(command, expected):
    assert is_worker(command) is expected
