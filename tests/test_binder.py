"""The files that repo2docker reads for the demo, as far as they can be tried without it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
BINDER = ROOT / "binder"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
ENVIRONMENT = yaml.safe_load((BINDER / "environment.yml").read_text(encoding="utf8"))
SCRIPTS = ("postBuild", "start")

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="repo2docker is Linux")


def test_torch_without_cuda_in_the_projects_range():
    needed = map(Requirement, PROJECT["dependencies"])
    (torch,) = (item.specifier for item in needed if item.name == "torch")
    assert f"pytorch-cpu{torch}" in ENVIRONMENT["dependencies"]
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    # pip would bring the build with CUDA: it installs nothing before the constraints are there.
    assert all(isinstance(item, str) for item in ENVIRONMENT["dependencies"])


def test_python_is_the_one_of_environment_yml_and_in_the_projects_range():
    (python,) = (item for item in ENVIRONMENT["dependencies"] if item.startswith("python="))
    assert python in (ROOT / "environment.yml").read_text(encoding="utf8")
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(python[7:])


@linux
@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_can_be_run(name):
    assert os.access(BINDER / name, os.X_OK)
    assert (BINDER / name).read_text().startswith("#!/bin/bash\n")
    subprocess.run(["bash", "-n", BINDER / name], check=True)


@pytest.fixture
def built(tmp_path):
    """Run postBuild with a pip that only writes down what it is asked for."""
    project, stub = tmp_path / "project", tmp_path / "stub" / "pip"
    project.mkdir()
    shutil.copy(ROOT / "constraints.txt", project)
    stub.mkdir(parents=True)
    (stub / "__init__.py").touch()
    (stub / "__main__.py").write_text(
        "import sys\n"
        "words = sys.argv[1:]\n"
        "print(*words)\n"
        "print(open(words[words.index('-c') + 1]).read(), end='')\n"
    )
    scripts = tmp_path / "bin"
    scripts.mkdir()
    (scripts / "python").symlink_to(sys.executable)
    path = os.pathsep.join([str(scripts), os.environ["PATH"]])
    # Found before the real pip; the other packages are those of this environment.
    inherited = os.pathsep.join([str(stub.parent), *sys.path[1:]])
    done = subprocess.run(
        [BINDER / "postBuild"],
        cwd=project,
        env=os.environ | {"PATH": path, "PYTHONPATH": inherited, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@linux
def test_the_rest_is_installed_in_the_tested_versions_around_condas_torch(built):
    import torch

    words, pins = built[0], [line for line in built[1:] if not line.startswith("#")]
    tested = (ROOT / "constraints.txt").read_text(encoding="utf8").splitlines()
    tested = [line for line in tested if not line.startswith(("#", "torch=="))]
    assert pins == [*tested, f"torch=={torch.__version__}"]
    extras = re.search(r"-e \.\[([\w,]+)\]$", words)
    assert set(extras[1].split(",")) < set(PROJECT["optional-dependencies"])


@linux
def test_a_failure_ends_the_build(tmp_path):
    done = subprocess.run([BINDER / "postBuild"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0 and "constraints.txt" in done.stderr


@linux
def test_a_session_has_one_core_and_downloads_no_checkpoint():
    code = "import os, sys; print(len(os.sched_getaffinity(0)), os.environ['HF_HUB_OFFLINE'])"
    command = ["python", "-c", f"{code}; print(sys.argv[1:])", "a b", "", "*"]
    done = subprocess.run(
        [BINDER / "start", *command],
        env={"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "1 1\n['a b', '', '*']\n", done.stderr
