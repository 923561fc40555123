"""Badges for Colab and Binder, written from one setting in ``pyproject.toml``.

``python -m workbench badges`` writes them, and the lines that install from the public address, into
README and notebooks. Running it again changes nothing. A badge's picture is the project's own, so
that nothing is fetched from elsewhere until somebody clicks.
"""

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from workbench.errors import WorkbenchError
from workbench.store.atomic import write_text
from workbench.store.settings import project_root

NOTEBOOKS = ("notebooks/explore.ipynb", "notebooks/sweep.ipynb", "notebooks/compare.ipynb")
README = "README.md"
COMMAND = "python -m workbench badges"

_SETTINGS = "[tool.workbench] in pyproject.toml"
_ADDRESS = re.compile(r"https://([a-z0-9.-]+)/([A-Za-z0-9_.-]+)/([A-Za-z0-9_.-]+)")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
_BEGIN, _END = "<!-- badges -->", "<!-- end of badges -->"
_FORM = {"cellView": "form", "jupyter": {"source_hidden": True}}
"""Folds a cell's source, in Colab and in JupyterLab."""


@dataclass(frozen=True)
class Repository:
    """Where the project can be cloned from.

    Attributes
    ----------
    host, name
        Such as ``github.com`` and ``owner/name``.
    branch
        The branch or tag that is opened and installed.
    """

    host: str
    name: str
    branch: str

    @property
    def address(self) -> str:
        """The public address."""
        return f"https://{self.host}/{self.name}"

    def colab(self, notebook: str) -> str:
        """Return the address that opens a notebook in Colab; empty where Colab cannot."""
        if self.host != "github.com":
            return ""
        return f"https://colab.research.google.com/github/{self.name}/blob/{self.branch}/{notebook}"

    def binder(self, notebook: str) -> str:
        """Return the address that opens a notebook in Binder."""
        if self.host == "github.com":
            place = f"gh/{self.name}/{quote(self.branch, safe='')}"
        else:
            place = f"git/{quote(self.address, safe='')}/{quote(self.branch, safe='')}"
        return f"https://mybinder.org/v2/{place}?labpath={quote(notebook, safe='')}"


def read_repository(root: Path) -> Repository | None:
    """Read the public address from a project's settings; None where it is not set.

    Raises
    ------
    WorkbenchError
        When it is no address of a repository, or the branch is no name of one.
    """
    text = (root / "pyproject.toml").read_text(encoding="utf8")
    settings = tomllib.loads(text).get("tool", {}).get("workbench", {})
    address, branch = settings.get("repository", ""), settings.get("branch", "main")
    if address == "":
        return None
    found = _ADDRESS.fullmatch(str(address).removesuffix("/").removesuffix(".git"))
    if found is None or {"."} >= set(found[2]) or {"."} >= set(found[3]):
        raise WorkbenchError(
            f"repository is {address!r} under {_SETTINGS}, but it must be a public https address "
            "of the form https://github.com/owner/name"
        )
    if not _BRANCH.fullmatch(str(branch)) or ".." in branch:
        raise WorkbenchError(
            f"branch is {branch!r} under {_SETTINGS}, but it must name a branch or a tag"
        )
    return Repository(found[1], f"{found[2]}/{found[3]}", branch)


def expected(root: Path) -> dict[Path, str]:
    """Return the text that every file with badges must have, as the setting stands.

    Parameters
    ----------
    root
        The project's folder.

    Raises
    ------
    WorkbenchError
        See `read_repository`; also when a file is missing.
    """
    repository = read_repository(root)
    rewrite: dict[str, Callable[[str, str, Repository | None], str]]
    rewrite = {README: _readme, **dict.fromkeys(NOTEBOOKS, _notebook)}
    return {
        root / name: change(_read(root / name), name, repository)
        for name, change in rewrite.items()
    }


def write_badges(root: Path | None = None) -> list[Path]:
    """Write badges and install lines; return the files that have changed."""
    found = expected(root or project_root())
    changed = [path for path, text in found.items() if _read(path) != text]
    for path in changed:
        write_text(path, found[path])
    return changed


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf8")
    except FileNotFoundError:
        raise WorkbenchError(
            f"there is no {path}: type this in the folder the project was cloned to"
        ) from None


def badges(repository: Repository | None, notebook: str, pictures: str) -> str:
    """Return the line of badges in Markdown, or the words that stand in their place.

    Parameters
    ----------
    repository
        None where it is not set.
    notebook
        What they open: its path in the project.
    pictures
        The folder of their pictures, as seen from the page that shows them.
    """
    if repository is None:
        return (
            "*Colab and Binder cannot open this yet, because the project's public address is not "
            "set. To set it, write it as `repository` under `[tool.workbench]` in "
            f"`pyproject.toml`, and type `{COMMAND}`.*"
        )
    links = {"Colab": repository.colab(notebook), "Binder": repository.binder(notebook)}
    return " ".join(
        f"[![Open in {service}]({pictures}/{service.lower()}.svg)]({link})"
        for service, link in links.items()
        if link
    )


def _readme(text: str, _: str, repository: Repository | None) -> str:
    """Put the badges below the title, or in the place where they are."""
    lines = [_BEGIN, badges(repository, NOTEBOOKS[0], "notebooks/pictures")]
    if repository:
        clone = f"git clone --branch {repository.branch} {repository.address}"
        lines += ["", f"    {clone} && cd {repository.name.split('/')[1]} && make lab"]
    block = "\n".join([*lines, _END])
    place = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)
    if place.search(text):
        return place.sub(lambda _: block, text, count=1)
    title, _, rest = text.partition("\n")
    return f"{title}\n\n{block}\n{rest}"


def _notebook(text: str, name: str, repository: Repository | None) -> str:
    """Put the two cells below the title, or in the places where they are."""
    content = json.loads(text)
    source = badges(repository, name, "pictures")
    ours = [
        _cell("markdown", "badges", source, {}),
        _cell("code", "set-up", set_up_source(repository), _FORM),
    ]
    rest = [cell for cell in content["cells"] if cell.get("id") not in ("badges", "set-up")]
    content["cells"] = [*rest[:1], *ours, *rest[1:]]
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, name: str, source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    lines = source.splitlines(keepends=True)
    cell: dict[str, Any]
    cell = {"cell_type": kind, "id": name, "metadata": metadata, "source": lines}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    # In the order in which nbformat writes them.
    return dict(sorted(cell.items()))


_SET_UP = Template(
    """\
# @title Set-up: run this cell first in Colab; elsewhere it does nothing
keep_on_drive = False  # @param {type:"boolean"}

import sys as _sys

if "google.colab" in _sys.modules:
$body

del keep_on_drive"""
)
_INSTALL = Template(
    """\
    import os as _os
    import subprocess as _subprocess

    if not _os.path.isdir("/content/workbench"):
        _clone = "git clone --quiet --depth 1 --branch $branch $address /content/workbench"
        _subprocess.run(_clone.split(), check=True)
    _sys.path.insert(0, "/content/workbench")
    from workbench.notebook.colab import set_up as _set_up

    _set_up(keep_on_drive)"""
)
_NOT_SET = f"""\
    raise RuntimeError(
        "This copy does not know where it can be installed from: set `repository` under "
        "{_SETTINGS}, then type `{COMMAND}`."
    )"""


def set_up_source(repository: Repository | None) -> str:
    """Return the source of the notebooks' set-up cell, which leaves no variable behind."""
    if repository is None:
        return _SET_UP.substitute(body=_NOT_SET)
    install = _INSTALL.substitute(branch=repository.branch, address=repository.address)
    return _SET_UP.substitute(body=install)
