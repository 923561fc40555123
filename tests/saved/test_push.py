"""What goes to the hub is the model and its card, and nobody else sees it unless asked for."""

import shutil
from fnmatch import fnmatch
from types import SimpleNamespace

import pytest
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

from workbench.__main__ import main
from workbench.errors import WorkbenchError
from workbench.saved import push as module
from workbench.saved.push import push

MODEL = (
    "README.md",
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "workbench.json",
)
PRIVATE = ("predictions.safetensors", "new-text.tsv", "notes.txt", "answers.jsonl", ".env")


class Hub:
    """Stands in for the hub."""

    endpoint = "https://hub"

    def __init__(self):
        self.repositories, self.problem = {}, None

    def __call__(self, token):
        assert token == "hf_secret"
        return self

    def model_info(self, name):
        if self.problem:
            raise self.problem
        if name not in self.repositories:
            raise RepositoryNotFoundError("none", response=response(404))
        return SimpleNamespace(private=self.repositories[name]["private"])

    def create_repo(self, name, private, exist_ok):
        if self.problem:
            raise self.problem
        assert exist_ok
        self.repositories.setdefault(name, {"private": private})

    def upload_folder(self, repo_id, folder_path, allow_patterns, commit_message):
        names = [path.name for path in folder_path.iterdir()]
        taken = [name for name in names if any(fnmatch(name, each) for each in allow_patterns)]
        self.repositories[repo_id]["files"] = sorted(taken)


def response(status):
    return SimpleNamespace(status_code=status, headers={}, request=None)


@pytest.fixture
def hub(monkeypatch):
    found = Hub()
    monkeypatch.setattr(module, "HfApi", found)
    monkeypatch.setattr(module, "get_token", lambda: "hf_secret")
    return found


@pytest.fixture
def folder(tmp_path):
    for name in (*MODEL, *PRIVATE):
        (tmp_path / name).write_text("x")
    return tmp_path


def test_the_model_goes_to_a_private_repository_and_nothing_else(hub, folder):
    assert push(folder, "ada/hoc") == "https://hub/ada/hoc"
    assert hub.repositories == {"ada/hoc": {"private": True, "files": sorted(MODEL)}}


def test_public_must_be_asked_for(hub, folder, capsys):
    assert main(["push", str(folder), "ada/hoc", "--public"]) == 0
    assert capsys.readouterr().out == "https://hub/ada/hoc\n"
    assert hub.repositories["ada/hoc"]["private"] is False
    with pytest.raises(WorkbenchError, match="ada/hoc is public already: add --public"):
        push(folder, "ada/hoc")


def test_a_second_push_goes_to_the_same_private_repository(hub, folder):
    push(folder, "ada/hoc")
    push(folder, "ada/hoc")
    assert hub.repositories["ada/hoc"]["private"] is True


def test_without_a_token_one_sentence_says_how_to_get_one(hub, folder, monkeypatch, capsys):
    monkeypatch.setattr(module, "get_token", lambda: None)
    assert main(["push", str(folder), "ada/hoc"]) == 1
    assert capsys.readouterr().err == (
        "there is no token for the hub on this machine: type 'hf auth login', or set HF_TOKEN\n"
    )
    assert hub.repositories == {}


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (OfflineModeIsEnabled("offline"), "the hub cannot be reached: connect to the network"),
        (ConnectionError("refused"), "the hub cannot be reached: connect to the network"),
        (
            HfHubHTTPError("403 hf_secret", response=response(403)),
            r"refuses to take ada/hoc \(status 403\): check that your token may write",
        ),
    ],
)
def test_what_the_hub_does_not_do_is_one_sentence(problem, sentence, hub, folder):
    hub.problem = problem
    with pytest.raises(WorkbenchError, match=sentence) as raised:
        push(folder, "ada/hoc")
    assert "hf_secret" not in str(raised.value)


@pytest.mark.parametrize("name", ["hoc", "a/b/c", "/hoc", "ada/"])
def test_a_name_that_cannot_be_one_is_refused(name, hub, folder):
    with pytest.raises(WorkbenchError, match="cannot be a repository's name"):
        push(folder, name)


@pytest.mark.parametrize("lacking", ["README.md", "workbench.json", "model.safetensors"])
def test_only_a_model_that_was_saved_here_is_pushed(lacking, hub, folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / lacking).unlink()
    with pytest.raises(WorkbenchError, match="is no model saved here with its card"):
        push(copy, "ada/hoc")
    assert hub.repositories == {}
