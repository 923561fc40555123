"""The set-up for Colab, part by part, with stand-ins for Colab's modules and for pip."""

import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from workbench.errors import WorkbenchError
from workbench.notebook import colab
from workbench.store.settings import SweepSettings, outputs_folder

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
RANGES = {item.name: item.specifier for item in map(Requirement, PROJECT["dependencies"])}

# Runtime 2026.01 as googlecolab/backend-info describes it in README.md and, at commit bd8aaa4, in
# pip-freeze.txt; 2025.10 and 2025.07 as its README.md does. pandas: its issue 4870 in colabtools.
RUNTIMES = {
    "2026.01": {"Python": "3.12.12", "torch": "2.9.0", "numpy": "2.0.2", "pandas": "2.2.2"},
    "2025.10": {"Python": "3.12.12", "torch": "2.8.0", "numpy": "2.0.2", "pandas": "2.2.2"},
    "2025.07": {"Python": "3.11.13", "torch": "2.6.0", "numpy": "2.0.2", "pandas": "2.2.2"},
}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_colabs_versions_lie_in_our_ranges(runtime):
    ranges = RANGES | {"Python": SpecifierSet(PROJECT["requires-python"])}
    for name, version in RUNTIMES[runtime].items():
        assert ranges[name].contains(version), name


def test_what_the_kernel_runs_on_in_colab_lies_in_our_ranges():
    # From the same pip-freeze.txt.
    assert RANGES["ipykernel"].contains("6.17.1")
    assert not set(colab.KERNEL) - {"ipykernel"} & RANGES.keys()


class Colab:
    """What Colab and pip were asked for, and the versions that are installed."""

    def __init__(self, folder):
        self.root, self.calls = folder / "workbench", []
        self.versions = {"torch": "2.9.0+cu126", "numpy": "2.0.2", "pandas": "2.2.2"}
        self.brought = {colab.DISTRIBUTION: "1.0"}
        self.status, self.said = 0, ""
        self.imported = {}

    def mount(self, place):
        self.calls.append(("mount", place))
        (Path(place) / "MyDrive").mkdir(parents=True)

    def run(self, line, **_):
        where = line.index("-c") + 1
        self.calls.append(("pip", *line[line.index("-m") + 2 :]))
        self.frozen = Path(line[where]).read_text().split()
        self.versions |= {} if self.status else self.brought
        return SimpleNamespace(returncode=self.status, stderr=self.said)


@pytest.fixture
def session(tmp_path, monkeypatch):
    """Stand in for a Colab session whose clone lies in a folder of the test."""
    found = Colab(tmp_path)
    found.root.mkdir()
    shutil.copy(ROOT / "pyproject.toml", found.root)
    module = ModuleType("google.colab")
    module.drive = SimpleNamespace(mount=found.mount)
    module.output = SimpleNamespace(
        enable_custom_widget_manager=lambda: found.calls.append(("widgets",))
    )
    monkeypatch.setitem(sys.modules, "google", ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", module)
    monkeypatch.setenv("WORKBENCH_OUTPUTS", "of an earlier call")
    monkeypatch.setattr(colab, "project_root", lambda: found.root)
    monkeypatch.setattr(colab, "_version", lambda name: found.versions.get(name))
    monkeypatch.setattr(colab, "_imported", lambda: dict(found.imported))
    monkeypatch.setattr(colab, "_replaced", [])
    monkeypatch.setattr(colab, "subprocess", SimpleNamespace(run=found.run))
    monkeypatch.setattr(sys, "version", "3.12.12 (main)")
    return found


def test_a_fresh_session(session, capsys):
    colab.set_up()
    pip, widgets = session.calls
    assert pip[:3] == ("pip", "install", "--quiet") and widgets == ("widgets",)
    assert pip[-2:] == ("-e", f"{session.root}[offline]")
    assert session.frozen == ["torch==2.9.0+cu126", "numpy==2.0.2", "pandas==2.2.2"]
    assert outputs_folder(SweepSettings()).name == "outputs"
    said = capsys.readouterr().out
    assert "torch==2.9.0+cu126, numpy==2.0.2, pandas==2.2.2 stay as they are" in said
    assert "lost with the session" in said


def test_a_second_call_installs_nothing(session):
    colab.set_up()
    colab.set_up()
    assert [call[0] for call in session.calls] == ["pip", "widgets", "widgets"]


def test_on_drive(session, tmp_path, capsys):
    colab.set_up(keep_on_drive=True)
    assert session.calls[0] == ("mount", str(tmp_path / "drive"))
    assert outputs_folder(SweepSettings()) == tmp_path / "drive" / "MyDrive" / "workbench"
    assert str(outputs_folder(SweepSettings())) in capsys.readouterr().out


def test_studies_that_wait_on_drive_are_named(study_of, tmp_path):
    study_of("similarity", {0: 1.0})
    (tmp_path / "outputs" / "studies" / "torn").mkdir()
    (tmp_path / "outputs" / "studies" / "torn" / "study.json").write_text("{")
    (name,) = colab.unfinished_studies(tmp_path / "outputs")
    assert name.startswith("miniature-similarity")
    assert f"Not finished there: {name}." in colab.outputs_sentence(tmp_path / "outputs")


def test_finished_studies_do_not_wait(study_of, tmp_path):
    study_of("similarity", {0: 1.0, 1: 1.0, 2: 1.0})
    assert colab.unfinished_studies(tmp_path / "outputs") == []


@pytest.mark.parametrize(
    ("name", "version", "says"),
    [
        ("numpy", "1.26.4", "this session has numpy 1.26.4, and the workbench needs numpy>=2"),
        ("torch", "2.5.1+cu121", "this session has torch 2.5.1+cu121"),
    ],
)
def test_a_session_that_is_too_old(session, name, version, says):
    session.versions[name] = version
    with pytest.raises(WorkbenchError) as found:
        colab.set_up()
    assert says in str(found.value) and "Change runtime type" in str(found.value)
    assert session.calls == []


def test_a_python_that_is_too_old(session, monkeypatch):
    monkeypatch.setattr(sys, "version", "3.10.12 (main)")
    with pytest.raises(WorkbenchError, match=r"this session has Python 3\.10\.12"):
        colab.set_up()


def test_an_installation_that_fails(session):
    session.status, session.said = 1, "ERROR: no network\n"
    with pytest.raises(WorkbenchError, match=r"installation failed.*\n.*no network"):
        colab.set_up()
    session.status = 0
    colab.set_up()
    assert session.calls[-1] == ("widgets",)


def test_what_was_loaded_and_is_replaced_asks_for_a_restart_each_time(session, monkeypatch):
    session.versions["plotly"] = session.imported["plotly"] = "5.24.1"
    session.brought["plotly"] = "6.5.0"
    for _ in range(2):
        with pytest.raises(WorkbenchError, match=r"plotly had been loaded.*Restart session"):
            colab.set_up()
    # A restart starts with an empty list.
    monkeypatch.setattr(colab, "_replaced", [])
    colab.set_up()
    assert [call[0] for call in session.calls] == ["pip", "widgets"]


def test_what_this_session_has_imported_is_known_by_its_version():
    found = colab._imported()
    assert found["torch"] == metadata.version("torch")
    assert "tkinter" not in found and "import-linter" not in found


def test_drive_that_is_refused(session):
    sys.modules["google.colab"].drive = SimpleNamespace()
    with pytest.raises(WorkbenchError, match=r"cannot be mounted .*untick keep_on_drive"):
        colab.set_up(keep_on_drive=True)
    assert session.calls == []


@pytest.mark.parametrize(
    ("gpu", "capability", "sentence"),
    [
        ("Tesla T4", (7, 5), "GPU: Tesla T4, trains in float16 with loss scaling."),
        ("NVIDIA L4", (8, 9), "GPU: NVIDIA L4, trains in bfloat16."),
    ],
)
def test_the_gpu_and_its_precision(monkeypatch, gpu, capability, sentence):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: gpu)
    assert colab.device_sentence() == sentence


def test_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert colab.device_sentence().startswith("No GPU in this session: training runs on the CPU")


def test_it_is_imported_before_anything_is_installed():
    # -S: without site-packages, as if nothing were.
    line = [sys.executable, "-S", "-c", "import workbench.notebook.colab"]
    subprocess.run(line, cwd=ROOT, check=True, env={"PATH": "/usr/bin"})


def _dry_run(tmp_path, *wanted):
    (tmp_path / "constraints.txt").write_text("\n".join(colab.constraints()))
    line = ["-m", "pip", "install", "--dry-run", "--no-index", "--disable-pip-version-check"]
    return subprocess.run(
        [sys.executable, *line, "-c", tmp_path / "constraints.txt", *wanted],
        capture_output=True,
        text=True,
    )


def test_the_constraints_name_what_is_installed():
    lines = dict(line.split("==") for line in colab.constraints())
    assert set(lines) == {*colab.FROZEN, *colab.KERNEL}
    assert all(metadata.version(name) == version for name, version in lines.items())


def test_pip_keeps_what_the_constraints_name(tmp_path):
    done = _dry_run(tmp_path, *colab.FROZEN)
    assert done.returncode == 0, done.stderr
    assert "Would install" not in done.stdout
    version = metadata.version("numpy")
    other = _dry_run(tmp_path, f"numpy!={version}")
    assert other.returncode != 0 and f"numpy=={version}" in other.stdout + other.stderr
