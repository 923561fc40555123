"""Gives a saved model to the hub: its own files and nothing else, private unless asked."""

from pathlib import Path

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from workbench.errors import WorkbenchError

FILES = (
    "README.md",
    "config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "workbench.json",
)
"""What is pushed where it is there. Anything else in the folder stays on this machine."""

_NEEDED = ("README.md", "config.json", "workbench.json")


def push(folder: str | Path, name: str, public: bool = False) -> str:
    """Push a saved model to the hub.

    Parameters
    ----------
    folder
        That was saved here, with its card.
    name
        ``owner/name`` of the repository, which is made where it is missing.
    public
        Whether everybody may see it.

    Returns
    -------
    str
        Its address.

    Raises
    ------
    WorkbenchError
        When the folder holds no saved model, the name cannot be one, there is no token, the hub
        refuses or cannot be reached, or the repository is public and that was not asked for.
    """
    folder = Path(folder).expanduser()
    _check(folder, name)
    token = get_token()
    if not token:
        raise WorkbenchError(
            "there is no token for the hub on this machine: type 'hf auth login', or set HF_TOKEN"
        )
    try:
        return _pushed(HfApi(token=token), folder, name, public)
    except HFValidationError:
        raise _misnamed(name) from None
    except HfHubHTTPError as problem:
        status = problem.response.status_code
        raise WorkbenchError(
            f"the hub refuses to take {name} (status {status}): check that your token may write "
            "there, with 'hf auth whoami'"
        ) from None
    except (OfflineModeIsEnabled, HTTPError, OSError):
        raise WorkbenchError(
            "the hub cannot be reached: connect to the network, unset HF_HUB_OFFLINE, and type "
            "the same line again"
        ) from None


def _check(folder: Path, name: str) -> None:
    lacking = [each for each in _NEEDED if not (folder / each).is_file()]
    if lacking or not any(folder.glob("model*.safetensors")):
        raise WorkbenchError(
            f"the folder {str(folder)!r} is no model saved here with its card: give one of those "
            "under outputs/models"
        )
    if name.count("/") != 1 or not all(name.split("/")):
        raise _misnamed(name)


def _misnamed(name: str) -> WorkbenchError:
    return WorkbenchError(
        f"{name!r} cannot be a repository's name: write your name on the hub, a slash and a name "
        "for the model, such as ada/hoc-freeze"
    )


def _pushed(api: HfApi, folder: Path, name: str, public: bool) -> str:
    if not public and _is_public(api, name):
        raise WorkbenchError(
            f"the repository {name} is public already: add --public if everybody may see the "
            "model, or choose another name"
        )
    api.create_repo(name, private=not public, exist_ok=True)
    api.upload_folder(
        repo_id=name,
        folder_path=folder,
        allow_patterns=list(FILES),
        commit_message="A model and its card",
    )
    return f"{api.endpoint}/{name}"


def _is_public(api: HfApi, name: str) -> bool:
    """Tell whether a repository is there and everybody may see it."""
    try:
        return not api.model_info(name).private
    except RepositoryNotFoundError:
        return False
