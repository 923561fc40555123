import shutil

import pytest

from workbench.training import native


@pytest.fixture(autouse=True)
def fresh():
    native.kernels.cache_clear()
    yield
    native.kernels.cache_clear()


def test_the_compiler_is_the_one_that_is_asked_for(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    assert native.find_compiler() is None
    monkeypatch.delenv("CC")
    assert native.find_compiler() == (
        shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    )


@pytest.mark.parametrize("compiler", ["no-such-compiler", "false", "true"])
def test_a_compiler_that_is_missing_or_fails_is_done_without(compiler, monkeypatch):
    # `true` succeeds and writes nothing, so that there is nothing to load.
    monkeypatch.setenv("CC", compiler)
    assert native.kernels() is None
    assert "more slowly" in native.notice()


@pytest.mark.skipif(native.find_compiler() is None, reason="there is no C compiler")
def test_what_was_compiled_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert native.kernels() is not None
    assert native.notice() == ""
    assert not list(tmp_path.iterdir())
