import os
from pathlib import Path

import pytest

from workbench.store import locks
from workbench.store.claims import claim, working
from workbench.store.folder import RunStore
from workbench.store.locks import file_system, locks_folder
from workbench.store.retention import collect

RUN = "a" * 16
TABLE = r"""
overlay / overlay rw,relatime 0 0
proc /proc proc rw,nosuid 0 0
drive /content/drive fuse.drive rw,nosuid,nodev,relatime,user_id=0 0 0
sshfs /content/drive/MyDrive/far fuse.sshfs rw 0 0
none /with\040blank\011and\134more tmpfs rw 0 0
one /twice ext4 rw 0 0
two /twice xfs rw 0 0
"""


@pytest.fixture
def mounts(monkeypatch, tmp_path):
    """Return a function that sets what the kernel says is mounted."""

    def use(text):
        path = tmp_path / "mounts"
        path.write_text(text.strip() + "\n")
        monkeypatch.setattr(locks, "MOUNTS", path)

    return use


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "overlay"),
        ("/content", "overlay"),
        ("/content/drives", "overlay"),
        ("/content/drive", "fuse.drive"),
        ("/content/drive/MyDrive/workbench", "fuse.drive"),
        ("/content/drive/MyDrive/far/x", "fuse.sshfs"),
        ("/with blank\tand\\more/x", "tmpfs"),
        ("/twice", "xfs"),
    ],
)
def test_the_file_system_of_a_path(mounts, path, kind):
    mounts(TABLE)
    assert file_system(path) == kind


def test_without_a_table_of_mounts_locks_lie_in_the_outputs(monkeypatch, tmp_path):
    monkeypatch.setattr(locks, "MOUNTS", tmp_path / "nowhere")
    assert file_system("/") == ""
    assert locks_folder(tmp_path) == tmp_path / "locks"


@pytest.fixture
def on_drive(mounts, tmp_path, monkeypatch):
    """Return two stores on what is mounted as Google Drive."""
    monkeypatch.setattr(locks.tempfile, "tempdir", str(tmp_path / "local"))
    (tmp_path / "local").mkdir()
    mounts(f"disk / ext4 rw 0 0\ndrive {os.path.realpath(tmp_path / 'drive')} fuse.drive rw 0 0")
    return [RunStore(tmp_path / "drive" / name) for name in ("one", "two")]


def test_on_drive_locks_lie_on_the_sessions_own_disk(on_drive, tmp_path):
    store, other = on_drive
    with claim(store, [RUN]):
        assert store.lock_path(RUN).is_relative_to(tmp_path / "local")
        assert not [path for path in store.root.rglob("*") if path.is_file()]
        # Another process comes to the same lock, by whichever name it knows the folder.
        (tmp_path / "link").symlink_to(store.root)
        assert working(RunStore(tmp_path / "link"), RUN)
        assert claim(RunStore(store.root), [RUN]) is None
        assert not working(other, RUN)
    assert not working(store, RUN)


def test_locks_elsewhere_are_tidied_too(on_drive):
    store, _ = on_drive
    with claim(store, [RUN]):
        pass
    assert store.lock_path(RUN).exists()
    assert [item.kind for item in collect(store, set(), 0, dry_run=False)] == ["lock file"]
    assert not store.lock_path(RUN).exists()


def test_elsewhere_locks_lie_in_the_outputs(mounts, tmp_path):
    mounts("far / fuse.sshfs rw 0 0")
    assert RunStore(tmp_path).lock_path(RUN).parent == Path(tmp_path) / "locks"
