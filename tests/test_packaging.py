"""What installs the project, and what it ships, agree with one another."""

import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import workbench
from workbench.doctor import DISTRIBUTION
from workbench.models.catalogue import MODELS
from workbench.tasks.catalogue import TASKS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf8")
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENTS = [
    Requirement(text) for texts in (PROJECT["dependencies"], *EXTRAS.values()) for text in texts
]

needs_git = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def _pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf8").splitlines()
    pins = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pins}


def _files() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return [path for name in listed.split("\0") if (path := ROOT / name).is_file()]


def _make(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def test_pins_are_exact_public_releases():
    for name, version in _pins().items():
        assert str(Version(version)) == version, name
        assert Version(version).local is None, name


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda item: item.name)
def test_the_pin_of_every_requirement_lies_in_its_range(requirement):
    assert requirement.specifier.contains(_pins()[canonicalize_name(requirement.name)])


def _closure(name: str, extras: frozenset[str], seen: set) -> set[str]:
    """Collect the names of all that a distribution needs, as far as it is installed."""
    if (name, extras) in seen:
        return set()
    seen.add((name, extras))
    try:
        texts = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return set()
    found = {canonicalize_name(name)}
    for item in map(Requirement, texts):
        if any(item.marker is None or item.marker.evaluate({"extra": e}) for e in ("", *extras)):
            found |= _closure(item.name, frozenset(item.extras), seen)
    return found


def test_everything_that_an_installation_brings_is_pinned():
    # torch itself pins what its CUDA builds bring.
    brought = {
        name
        for name in _closure(DISTRIBUTION, frozenset(EXTRAS), set())
        if not name.startswith(("nvidia-", "cuda-", "triton"))
    }
    if not brought:
        pytest.skip("the workbench is not installed here")
    assert "torch" in brought
    assert brought - {DISTRIBUTION, *_pins()} == set()


def test_conda_installs_what_make_installs():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf8"))
    *conda, pip = environment["dependencies"]
    extras = re.search(r"^EXTRAS := (\S+)$", MAKEFILE, re.MULTILINE)
    assert pip == {"pip": ["-c constraints.txt", f"-e .[{extras[1]}]"]}
    assert "-c constraints.txt" in MAKEFILE
    (python,) = (item for item in conda if item.startswith("python="))
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python[7:])
    assert environment["name"] == PROJECT["name"] == DISTRIBUTION


def test_the_default_extras_are_all_but_the_developers():
    extras = re.search(r"^EXTRAS := (\S+)$", MAKEFILE, re.MULTILINE)
    assert set(extras[1].split(",")) == set(EXTRAS) - {"dev"}


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
    changes = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf8"), re.MULTILINE)
    assert citation["version"] == changes[0] == workbench.__version__


@needs_git
def test_every_file_of_the_package_is_installed():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))
    patterns = config["tool"]["setuptools"]["package-data"]["workbench"]
    folder = ROOT / "workbench"
    data = [path for path in _files() if folder in path.parents and path.suffix != ".py"]
    for path in data:
        assert any(fnmatch(str(path.relative_to(folder)), item) for item in patterns), path
    modules = [path for path in _files() if folder in path.parents and path.suffix == ".py"]
    assert [path for path in modules if not (path.parent / "__init__.py").is_file()] == []


# Written in parts, so that this file does not hold what it looks for.
MACHINE = "|".join(
    [
        r"(?<![\w.>-])/wor" + r"k/",
        r"(?<![\w.>-])/tm" + r"p/w\b",
        r"(?<![\w-])share" + r"d/",
        r"pypi\." + "org",
        r"python" + r"hosted\.",
        r"registry\.npm" + "js",
        r"deb\.deb" + "ian",
        r"download\.py" + r"torch\.",
    ]
)


@needs_git
def test_no_file_names_a_machine_or_a_package_registry():
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in _files()
        if path != ROOT / ".ci" / "run"
        for match in re.finditer(MACHINE, path.read_bytes().decode("utf8", "ignore"))
    ]
    assert found == []


@pytest.mark.parametrize("text", ["see /wor" + "k/x", "'/tm" + "p/w'", "../share" + "d/x"])
def test_the_search_for_such_names_finds_them(text):
    assert re.search(MACHINE, text)


@pytest.mark.parametrize("text", ["workbench/work/x", "https://x.org/work/", "/tmp/with"])
def test_the_search_for_such_names_finds_no_others(text):
    assert not re.search(MACHINE, text)


@pytest.mark.parametrize(
    "name", [*(task.title for task in TASKS.values() if not task.synthetic)], ids=str
)
def test_the_licence_of_every_task_is_named(name):
    assert f"| {name} |" in (ROOT / "LICENCES.md").read_text(encoding="utf8")


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_the_licence_of_every_checkpoint_is_named(model):
    name = model.location.replace("_", "-") if model.name == "minilm" else model.location
    assert name in (ROOT / "LICENCES.md").read_text(encoding="utf8")


@needs_make
def test_make_alone_lists_what_there_is():
    printed = _make().stdout
    assert printed == _make("help").stdout
    for target in ("sweep", "lab", "test", "doctor", "setup"):
        assert re.search(rf"^  make {target} ", printed, re.MULTILINE), target


@needs_make
@pytest.mark.parametrize("python", ["false", "no-such-python"])
def test_make_says_which_python_it_needs(tmp_path, python):
    done = _make("setup", f"VENV={tmp_path / 'venv'}", f"PYTHON={python}")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr
    assert not (tmp_path / "venv").exists()


@needs_make
def test_a_ready_environment_is_left_alone_and_a_broken_one_is_made_again(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / ".ready").touch()
    broken = _make("setup", "-n", f"VENV={tmp_path}")
    assert "-m venv --clear" in broken.stdout
    (tmp_path / ".ready").touch()
    (tmp_path / "bin" / "python").symlink_to(shutil.which("python3"))
    ready = _make("setup", "-n", f"VENV={tmp_path}")
    assert "-m venv" not in ready.stdout
