"""Where files come from, and what is said when they cannot be had."""

import errno
import hashlib
import io
import subprocess
import threading
import urllib.error
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks import files
from workbench.tasks.files import Pin, differs_from_pin, download, lacks, locate

CONTENT = b"pair_id\tsent1\n" * 10_000


@pytest.fixture
def pin():
    digest = hashlib.sha256(CONTENT).hexdigest()
    return Pin("BIOSSES", "train.tsv", "http://nowhere/train.tsv", len(CONTENT), digest, "")


@pytest.fixture
def cache(tmp_path, monkeypatch, pin):
    """An empty cache, no user's folder, and a table that pins one file."""
    monkeypatch.delenv(files.DATA_VARIABLE, raising=False)
    monkeypatch.setenv(files.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(files, "pins", lambda: {(pin.folder, pin.file): pin})
    return tmp_path / "cache" / "BIOSSES"


def serve(content):
    return lambda url: io.BytesIO(content)


def refuse(error):
    def open_url(url):
        raise error

    return open_url


class Broken(io.BytesIO):
    """A connection that breaks after the first chunk."""

    def read(self, size=-1):
        if self.tell():
            raise ConnectionResetError(errno.ECONNRESET, "connection reset by peer")
        return super().read(size)


def test_a_file_is_downloaded_once(cache):
    path = locate("BIOSSES", "train.tsv", open_url=serve(CONTENT))
    assert path == cache / "train.tsv" and path.read_bytes() == CONTENT
    again = locate("BIOSSES", "train.tsv", open_url=refuse(AssertionError("asked again")))
    assert again == path


def test_a_download_over_http(cache, tmp_path, monkeypatch, pin):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "train.tsv").write_bytes(CONTENT)
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "served")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/train.tsv"
        path = locate("BIOSSES", "train.tsv", open_url=lambda url: files._open(address))
        server.shutdown()
    assert path.read_bytes() == CONTENT


def test_the_progress_bar_names_the_file(cache, capsys):
    locate("BIOSSES", "train.tsv", open_url=serve(CONTENT))
    assert "BIOSSES/train.tsv: 100%" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("open_url", "message"),
    [
        (serve(b"other"), "is not the pinned BIOSSES/train.tsv: try again"),
        (serve(CONTENT[:-1]), "is not the pinned"),
        (serve(b""), "is not the pinned"),
        (
            lambda url: Broken(CONTENT),
            "cannot download .*reset.*: connect .* or set WORKBENCH_DATA",
        ),
        (refuse(urllib.error.URLError("no route")), "no route.*: connect .* or set WORKBENCH_DATA"),
        (refuse(TimeoutError("timed out")), "timed out"),
    ],
    ids=["other", "short", "empty", "broken", "no network", "timeout"],
)
def test_a_failed_download_leaves_nothing(cache, open_url, message):
    with pytest.raises(WorkbenchError, match=message):
        locate("BIOSSES", "train.tsv", open_url=open_url)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "message"),
    [(errno.ENOSPC, "disk is full: free some space"), (errno.EDQUOT, "set WORKBENCH_CACHE")],
)
def test_a_failed_write_leaves_nothing(cache, monkeypatch, code, message):
    def fail(source, target):
        raise OSError(code, "cannot")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(WorkbenchError, match=message):
        locate("BIOSSES", "train.tsv", open_url=serve(CONTENT))
    assert list(cache.iterdir()) == []


def test_an_interrupted_download_leaves_nothing(cache):
    with pytest.raises(KeyboardInterrupt):
        locate("BIOSSES", "train.tsv", open_url=refuse(KeyboardInterrupt()))
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_made(cache, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(files.CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.raises(WorkbenchError, match="set WORKBENCH_CACHE to a folder you can write to"):
        locate("BIOSSES", "train.tsv", open_url=serve(CONTENT))


def test_a_damaged_file_in_the_cache_is_refused(cache):
    cache.mkdir(parents=True)
    (cache / "train.tsv").write_bytes(CONTENT[:-1])
    with pytest.raises(WorkbenchError, match=r"train\.tsv is not the pinned file: delete it"):
        locate("BIOSSES", "train.tsv", open_url=serve(CONTENT))


def test_a_file_known_by_its_git_blob_only(cache, tmp_path, pin):
    blob = subprocess.run(
        ["git", "hash-object", "--stdin"], input=CONTENT, capture_output=True, check=True
    )
    only_blob = Pin("ebmnlp", "train.tsv", pin.url, None, "", blob.stdout.decode().strip())
    target = tmp_path / "train.tsv"
    assert download(only_blob, target, serve(CONTENT)).read_bytes() == CONTENT
    target.unlink()
    with pytest.raises(WorkbenchError, match="is not the pinned"):
        download(only_blob, target, serve(CONTENT + b"x"))


@pytest.mark.parametrize("explicit", [True, False])
def test_the_users_folder_comes_first(cache, tmp_path, monkeypatch, explicit):
    path = tmp_path / "mine" / "BIOSSES" / "train.tsv"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"edited")
    monkeypatch.setenv(files.DATA_VARIABLE, str(tmp_path / ("other" if explicit else "mine")))
    assert locate("BIOSSES", "train.tsv", tmp_path / "mine" if explicit else None) == path
    assert differs_from_pin(path, "BIOSSES", "train.tsv")
    path.write_bytes(CONTENT)
    assert not differs_from_pin(path, "BIOSSES", "train.tsv")
    assert not differs_from_pin(path, "BioASQ", "train.tsv")


def test_a_folder_that_does_not_exist(cache, monkeypatch):
    monkeypatch.setenv(files.DATA_VARIABLE, "/no/such/folder")
    with pytest.raises(WorkbenchError, match="data folder /no/such/folder does not exist: set"):
        locate("BIOSSES", "train.tsv")


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("BIOSSES", r"has no BIOSSES/train\.tsv: put it there, or unset WORKBENCH_DATA"),
        ("BioASQ", r"has no BioASQ/train\.tsv: register with BioASQ, .* and put it there$"),
    ],
)
def test_a_file_missing_in_the_users_folder(cache, tmp_path, folder, message):
    with pytest.raises(WorkbenchError, match=message):
        locate(folder, "train.tsv", tmp_path)


def test_bioasq_is_never_downloaded(cache):
    with pytest.raises(WorkbenchError, match="register with BioASQ"):
        locate("BioASQ", "train.tsv", open_url=refuse(AssertionError("asked")))


def test_what_a_users_folder_lacks(tmp_path, monkeypatch):
    monkeypatch.delenv(files.DATA_VARIABLE, raising=False)
    assert not lacks("ebmnlp", "train.tsv")
    (tmp_path / "ebmnlp").mkdir()
    (tmp_path / "ebmnlp" / "dev.tsv").touch()
    for name, expected in (("train.tsv", True), ("dev.tsv", False)):
        assert lacks("ebmnlp", name, tmp_path) == expected
    # That the folder itself is missing is another mistake, which `locate` names.
    assert not lacks("ebmnlp", "train.tsv", tmp_path / "none")
