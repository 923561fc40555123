"""What the badges script writes, and that the files in the project agree with the setting."""

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from workbench.__main__ import main
from workbench.errors import WorkbenchError
from workbench.notebook import badges
from workbench.notebook.badges import NOTEBOOKS, README, Repository, expected, write_badges

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://github.com/owner/name"


@pytest.fixture
def project(tmp_path):
    """Return a function that makes a copy of what the script reads, with a setting."""

    def make(repository, branch="main"):
        for name in (README, *NOTEBOOKS):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
        setting = f"[tool.workbench]\nrepository = {json.dumps(repository)}\nbranch = '{branch}'\n"
        (tmp_path / "pyproject.toml").write_text(setting)
        return tmp_path

    return make


def sources(root, name):
    cells = json.loads((root / name).read_text(encoding="utf8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells}


def test_the_files_agree_with_the_setting():
    differing = [path.name for path, text in expected(ROOT).items() if path.read_text() != text]
    assert not differing, f"type {badges.COMMAND}"


@pytest.mark.parametrize("repository", ["", ADDRESS, "https://git.uni.example/owner/name"])
def test_a_second_time_changes_nothing(project, repository):
    root = project(repository)
    write_badges(root)
    before = {path: path.read_bytes() for path in expected(root)}
    assert write_badges(root) == []
    assert {path: path.read_bytes() for path in before} == before


def test_back_to_no_address_is_as_if_there_had_been_none(project):
    root = project("")
    write_badges(root)
    before = {path: path.read_bytes() for path in expected(root)}
    setting = (root / "pyproject.toml").read_text()
    (root / "pyproject.toml").write_text(setting.replace('""', f'"{ADDRESS}"'))
    assert len(write_badges(root)) == 1 + len(NOTEBOOKS)
    assert all(path.read_bytes() != content for path, content in before.items())
    (root / "pyproject.toml").write_text(setting)
    write_badges(root)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_only_the_two_cells_are_touched(project, name):
    root = project(ADDRESS)
    before = json.loads((root / name).read_text(encoding="utf8"))
    write_badges(root)
    after = json.loads((root / name).read_text(encoding="utf8"))
    for content in (before, after):
        content["cells"] = [c for c in content["cells"] if c["id"] not in ("badges", "set-up")]
    assert after == before


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_they_stand_between_title_and_parameters(name):
    cells = json.loads((ROOT / name).read_text(encoding="utf8"))["cells"]
    assert [cell["id"] for cell in cells[1:3]] == ["badges", "set-up"]
    assert cells[0]["cell_type"] == "markdown" and "parameters" in cells[3]["metadata"]["tags"]


def test_without_an_address_the_words_say_how_to_set_it(project):
    root = project("")
    write_badges(root)
    for text in ((root / README).read_text(), *(sources(root, n)["badges"] for n in NOTEBOOKS)):
        assert "`repository` under `[tool.workbench]` in `pyproject.toml`" in text
        assert badges.COMMAND in text
        assert "colab.research" not in text and "mybinder" not in text and "badge.svg" not in text


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_with_an_address_each_notebook_opens_itself(project, name):
    root = project(ADDRESS, "v1.2")
    write_badges(root)
    text = sources(root, name)["badges"]
    quoted = name.replace("/", "%2F")
    assert f"(https://colab.research.google.com/github/owner/name/blob/v1.2/{name})" in text
    assert f"(https://mybinder.org/v2/gh/owner/name/v1.2?labpath={quoted})" in text
    assert f"git clone --quiet --depth 1 --branch v1.2 {ADDRESS} /" in sources(root, name)["set-up"]


def test_with_an_address_the_readme_says_how_to_install(project):
    root = project(ADDRESS)
    write_badges(root)
    text = (root / README).read_text()
    assert f"    git clone --branch main {ADDRESS} && cd name && make lab\n" in text
    assert text.splitlines()[0] == (ROOT / README).read_text().splitlines()[0]


def test_pictures_are_the_projects_own(project):
    root = project(ADDRESS)
    write_badges(root)
    pages = {root / README: (root / README).read_text()}
    pages |= {root / name: sources(root, name)["badges"] for name in NOTEBOOKS}
    for page, text in pages.items():
        found = re.findall(r"!\[[^]]+\]\(([^)]+badge[^)]*|[^)]+\.svg)\)", text)
        assert len(found) == 2
        for picture in found:
            place = ROOT / page.relative_to(root).parent / picture
            # It is a picture, and it loads nothing itself.
            content = place.read_text()
            assert ElementTree.fromstring(content).tag.endswith("svg")
            assert re.findall(r"href|url\(|@import|<script", content) == []


def test_colab_opens_nothing_but_github():
    elsewhere = Repository("git.uni.example", "owner/name", "main")
    assert elsewhere.colab(NOTEBOOKS[0]) == ""
    link = "https://mybinder.org/v2/git/https%3A%2F%2Fgit.uni.example%2Fowner%2Fname/main"
    assert elsewhere.binder("a/b.ipynb") == f"{link}?labpath=a%2Fb.ipynb"
    assert "Colab" not in badges.badges(elsewhere, NOTEBOOKS[0], "pictures")


@pytest.mark.parametrize("written", [f"{ADDRESS}/", f"{ADDRESS}.git"])
def test_addresses_as_they_are_copied(project, written):
    assert badges.read_repository(project(written)).address == ADDRESS


@pytest.mark.parametrize(
    "wrong",
    [
        "http://github.com/owner/name",
        "github.com/owner/name",
        "git@github.com:owner/name.git",
        "https://github.com/owner",
        "https://github.com/owner/name/tree/main",
        "https://user:word@github.com/owner/name",
        "https://github.com/owner/na me",
        "https://github.com/owner/name;rm",
        'https://github.com/owner/"name',
        "https://github.com/owner/..",
        7,
    ],
)
def test_what_is_no_public_address_is_refused(project, wrong):
    root = project(wrong)
    before = (root / README).read_bytes()
    with pytest.raises(WorkbenchError, match="of the form https://") as found:
        write_badges(root)
    assert repr(wrong) in str(found.value) and "\n" not in str(found.value)
    assert (root / README).read_bytes() == before


@pytest.mark.parametrize("wrong", ["", "--upload-pack=x", "a b", "a/../b"])
def test_what_is_no_branch_is_refused(project, wrong):
    with pytest.raises(WorkbenchError, match="must name a branch or a tag"):
        write_badges(project(ADDRESS, wrong))


def test_a_missing_notebook_is_one_sentence(project):
    root = project(ADDRESS)
    (root / NOTEBOOKS[1]).unlink()
    with pytest.raises(WorkbenchError, match=f"there is no .*{NOTEBOOKS[1]}"):
        write_badges(root)


def test_the_verb(project, monkeypatch, capsys):
    root = project(ADDRESS)
    monkeypatch.setattr(badges, "project_root", lambda: root)
    assert main(["badges"]) == 0
    assert f"{1 + len(NOTEBOOKS)} files changed" in capsys.readouterr().out
    assert main(["badges"]) == 0
    assert "nothing changed" in capsys.readouterr().out


@pytest.mark.parametrize("repository", [None, Repository("github.com", "owner/name", "main")])
def test_outside_colab_the_cell_does_nothing_and_leaves_nothing(repository, capfd):
    namespace = {}
    exec(badges.set_up_source(repository), namespace)
    left = [name for name in namespace if not name.startswith("_")]
    assert left == [] and capfd.readouterr() == ("", "")
