import errno
import json
import os
import stat
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.store import atomic


def fail(code):
    def raise_error(*_):
        raise OSError(code, os.strerror(code))

    return raise_error


def test_content_is_replaced_and_nothing_else_stays(tmp_path):
    path = tmp_path / "new" / "file.txt"
    atomic.write_text(path, "first\n")
    atomic.write_bytes(path, b"\xc3\xa9")
    assert path.read_text("utf-8") == "é"
    assert os.listdir(path.parent) == ["file.txt"]


def test_json_has_one_text_for_equal_content(tmp_path):
    atomic.write_json(tmp_path / "a", {"b": 1, "a": [float("nan")]})
    atomic.write_json(tmp_path / "b", {"a": (None,), "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert json.loads((tmp_path / "a").read_text()) == {"a": [None], "b": 1}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EACCES, "may not write"),
        (errno.EROFS, "read-only"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failure_keeps_the_old_content_and_says_one_sentence(
    tmp_path, monkeypatch, call, code, words
):
    path = tmp_path / "file"
    atomic.write_text(path, "old")
    monkeypatch.setattr(os, call, fail(code))
    with pytest.raises(WorkbenchError, match=words) as caught:
        atomic.write_text(path, "new")
    assert str(path) in str(caught.value)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_an_unknown_failure_passes_through(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", fail(errno.EIO))
    with pytest.raises(OSError, match="Input/output"):
        atomic.write_text(tmp_path / "file", "new")
    assert os.listdir(tmp_path) == []


def test_an_interruption_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic.replacing(tmp_path / "file") as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_a_file_in_the_way_of_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WorkbenchError, match="a file stands where a folder is needed"):
        atomic.write_text(tmp_path / "file" / "inner", "text")


def test_a_folder_in_the_way_of_a_file(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(WorkbenchError, match="a folder stands where the file belongs"):
        atomic.write_text(tmp_path / "folder", "text")
    assert os.listdir(tmp_path) == ["folder"]


def test_a_mount_that_cannot_synchronise_folders_is_accepted(tmp_path, monkeypatch):
    synchronise = os.fsync

    def refuse_folders(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        synchronise(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    atomic.write_text(tmp_path / "new" / "file", "text")
    assert (tmp_path / "new" / "file").read_text() == "text"


def test_the_writer_is_read_from_the_temporary_name(tmp_path):
    with atomic.replacing(tmp_path / "result.json") as temporary:
        temporary.touch()
        assert temporary.parent == tmp_path
        assert atomic.writer_of(temporary) == os.getpid()


@pytest.mark.parametrize("name", ["result.json", ".hidden", ".a.1.partial", "a.1.00000000.partial"])
def test_other_names_have_no_writer(name):
    assert atomic.writer_of(Path(name)) is None


def test_a_folder_takes_its_place_as_a_whole(tmp_path):
    path = tmp_path / "models" / "one"
    for content in ("first", "second"):
        with atomic.replacing_folder(path) as temporary:
            assert atomic.writer_of(temporary) == os.getpid()
            (temporary / content).write_text(content)
        assert os.listdir(path) == [content]
    assert os.listdir(path.parent) == ["one"]


def test_a_folder_that_fails_leaves_nothing_and_what_was_there(tmp_path):
    path = tmp_path / "one"
    with atomic.replacing_folder(path) as temporary:
        (temporary / "old").touch()
    for problem in (KeyboardInterrupt, OSError(errno.ENOSPC, "full")):
        with (
            pytest.raises((KeyboardInterrupt, WorkbenchError)),
            atomic.replacing_folder(path) as temporary,
        ):
            (temporary / "half").touch()
            raise problem
    assert os.listdir(tmp_path) == ["one"] and os.listdir(path) == ["old"]


@pytest.mark.parametrize("path", [".", "/"])
def test_a_folder_without_a_name_is_no_file(path):
    with pytest.raises(WorkbenchError, match="a folder stands where the file belongs"):
        atomic.write_text(path, "x")
