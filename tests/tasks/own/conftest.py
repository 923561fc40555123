"""What the tests of own tasks share: a way to write task files, and sentences to look for."""

import pytest
import yaml

NAMES = ("Quillfeather", "Oddlestone", "Brambleknot", "Wintersgill", "Hartlethorpe")
DRUGS = ("aspirin", "metformin", "warfarin", "digoxin")


@pytest.fixture(scope="session")
def secrets():
    """Return twenty sentences that no error, log or result may hold."""
    return [f"Patient {name} was given {drug} in ward seven" for name in NAMES for drug in DRUGS]


@pytest.fixture(scope="session")
def leaked():
    """Return a function that finds what a text tells of the secret sentences."""

    def find(text):
        return [word for word in (*NAMES, "ward seven", "was given") if word in text]

    return find


@pytest.fixture
def task_file(tmp_path):
    """Return a function that writes a task file, and the data files that are given by name."""

    def write(files=(), name="task.yaml", **settings):
        for file, content in dict(files).items():
            target = tmp_path / file
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        path = tmp_path / name
        path.write_text(yaml.safe_dump({"name": "notes", "kind": "classification"} | settings))
        return path

    return write
