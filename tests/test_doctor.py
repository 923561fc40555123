"""The report on a machine, with parts of the machine replaced."""

import builtins
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.specifiers import SpecifierSet

from workbench import doctor
from workbench.doctor import MISSING, NOTE, OK, Finding

SUBJECTS = [
    "Python",
    "packages",
    "device",
    "precision",
    "compiler",
    "memory",
    "disk",
    "data",
    "bundled",
    "hub",
    "browser",
]


def test_examine_finds_something_on_every_subject(tmp_path):
    findings = doctor.examine(tmp_path)
    assert list(dict.fromkeys(item.subject for item in findings)) == SUBJECTS
    assert {item.mark for item in findings} <= {OK, NOTE, MISSING}
    assert all(item.found and "\n" not in item.found for item in findings)
    assert all(item.mend for item in findings if item.mark == MISSING)


def test_a_check_that_fails_is_a_finding(monkeypatch, tmp_path):
    def fail():
        raise RuntimeError("no sensor\nno second line")

    monkeypatch.setattr(doctor, "memory", fail)
    found = {item.subject: item for item in doctor.examine(tmp_path)}
    assert found["memory"] == Finding(
        NOTE, "memory", "could not be looked at (RuntimeError: no sensor)"
    )


def test_without_torch_the_rest_is_still_said(monkeypatch, tmp_path):
    original = builtins.__import__

    def refuse(name, *rest, **named):
        if name == "torch":
            raise ImportError("no torch")
        return original(name, *rest, **named)

    monkeypatch.delitem(sys.modules, "workbench.training.device", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    found = {item.subject: item for item in doctor.examine(tmp_path)}
    assert list(found) == SUBJECTS
    assert found["device"].mark == NOTE
    assert "no torch" in found["device"].found


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ([Finding(OK, "a", "x")], 0),
        ([Finding(MISSING, "a", "x", "y")], 0),
        ([Finding(NOTE, "a", "x", essential=True)], 0),
        ([Finding(OK, "a", "x"), Finding(MISSING, "b", "x", "y", essential=True)], 1),
    ],
)
def test_status_is_one_only_where_something_essential_is_missing(monkeypatch, findings, status):
    monkeypatch.setattr(doctor, "examine", lambda outputs: findings)
    assert doctor.main() == status


def test_report_says_what_to_type(capsys):
    doctor.report([Finding(OK, "memory", "1.0 GB"), Finding(MISSING, "browser", "none", "get it")])
    assert capsys.readouterr().out.splitlines() == [
        "ok       memory     1.0 GB",
        "missing  browser    none",
        "                    type: get it",
    ]


@pytest.mark.parametrize(
    ("installed", "found"),
    [
        ("2.6.0", None),
        ("2.7.0+cu128", None),
        ("2.5.1", "torch 2.5.1 is installed, >=2.6 is needed"),
        (None, "torch is not installed"),
    ],
)
def test_packages_are_compared_with_the_metadata(monkeypatch, installed, found):
    def version(name):
        if installed is None:
            raise metadata.PackageNotFoundError(name)
        return installed

    monkeypatch.setattr(metadata, "version", version)
    unmet = doctor._unmet("torch", SpecifierSet(">=2.6"))
    expected = [Finding(MISSING, "packages", found, "pip install 'torch>=2.6'", essential=True)]
    assert unmet == (expected if found else [])


def test_extras_are_not_essential(monkeypatch):
    texts = ["numpy>=2", 'no-such-package>=1; extra == "dev"']
    monkeypatch.setattr(metadata, "requires", lambda name: texts)
    (finding,) = doctor.packages()
    assert finding.mark == OK


def test_not_installed_is_a_note(monkeypatch):
    def fail(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", fail)
    (finding,) = doctor.packages()
    assert (finding.mark, finding.mend) == (NOTE, "make setup")


@pytest.mark.parametrize(
    ("capabilities", "mark"),
    [
        ({"avx512_bf16": False, "amx_bf16": False, "cpu_name": "bf16"}, NOTE),
        ({"avx512_bf16": True}, OK),
        ({"amx_bf16": True}, OK),
        ({}, NOTE),
    ],
)
def test_bfloat16_counts_only_where_it_is_native(monkeypatch, capabilities, mark):
    import torch

    monkeypatch.setattr("workbench.training.device.find_device", lambda: torch.device("cpu"))
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    (finding,) = doctor.precision()
    assert finding.mark == mark


@pytest.mark.parametrize("works", [True, False])
def test_every_gpu_is_listed(works, monkeypatch):
    import torch

    monkeypatch.setattr("workbench.training.device.find_device", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index: (60e9, 80e9))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "H100")
    monkeypatch.setattr("workbench.training.device._TRITON_WORKS", works)
    found = doctor.device()
    assert [item.found for item in found[:2]] == [
        "cuda:0 H100, 60.0 GB of 80.0 GB free",
        "cuda:1 H100, 60.0 GB of 80.0 GB free",
    ]
    assert ["no Triton" in item.found for item in found[2:]] == ([] if works else [True])


@pytest.mark.parametrize(
    ("path", "works", "expected"),
    [
        ("/usr/bin/cc", True, Finding(OK, "compiler", "/usr/bin/cc")),
        (None, False, "no C compiler: dropout is slower"),
        ("/usr/bin/cc", False, "/usr/bin/cc does not work: dropout is slower"),
    ],
)
def test_the_compiler_is_tried(path, works, expected, monkeypatch):
    monkeypatch.setattr("workbench.training.native.find_compiler", lambda: path)
    monkeypatch.setattr("workbench.training.native.kernels", lambda: object() if works else None)
    (finding,) = doctor.compiler()
    if works:
        assert finding == expected
    else:
        assert (finding.mark, finding.found, finding.mend) == (
            NOTE,
            expected,
            "apt-get install gcc",
        )


@pytest.mark.parametrize(("free", "mark"), [(4_900_000_000, NOTE), (5_000_000_000, OK)])
def test_disk_is_that_of_the_nearest_folder_there_is(monkeypatch, tmp_path, free, mark):
    asked = []

    def usage(folder):
        asked.append(folder)
        return SimpleNamespace(free=free)

    monkeypatch.setattr(doctor.shutil, "disk_usage", usage)
    (finding,) = doctor.disk(tmp_path / "not" / "yet")
    assert (finding.mark, asked) == (mark, [tmp_path])


def test_a_task_counts_with_all_its_files(monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path))
    for folder, names in {"HoC": ("train", "dev", "test"), "DDI": ("train", "dev")}.items():
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / f"{name}.tsv").touch()
    (finding,) = doctor.data()
    found, absent = finding.found.split("; not ")
    assert (finding.mark, found) == (NOTE, f"1 of 13 tasks in {tmp_path}")
    assert "ddi" in absent.split(", ")
    assert "hoc" not in absent.split(", ")


def test_without_a_folder_the_cache_is_looked_at(monkeypatch, tmp_path):
    monkeypatch.delenv("WORKBENCH_DATA", raising=False)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    (finding,) = doctor.data()
    assert finding.mark == NOTE
    assert finding.found.startswith(f"0 of 13 tasks in {tmp_path / 'cache'}; not ")
    assert finding.found.endswith("downloaded when first used (bioasq never)")


def test_a_data_folder_that_is_not_there_is_missing(monkeypatch):
    monkeypatch.setenv("WORKBENCH_DATA", "no-such-folder")
    (finding,) = doctor.data()
    assert (finding.mark, finding.mend) == (MISSING, "export WORKBENCH_DATA=FOLDER")


def test_cached_checkpoints_have_their_short_names(monkeypatch):
    def repository(name, kind="model"):
        return SimpleNamespace(repo_id=name, repo_type=kind)

    repositories = [
        repository("google-bert/bert-base-uncased"),
        repository("owner/other"),
        repository("owner/data", "dataset"),
    ]
    cache = SimpleNamespace(repos=repositories)
    monkeypatch.setattr("huggingface_hub.scan_cache_dir", lambda: cache)
    (finding,) = doctor.hub_checkpoints()
    assert (finding.mark, finding.found) == (OK, "bert, owner/other")


def test_an_absent_cache_is_a_note(monkeypatch):
    from huggingface_hub.errors import CacheNotFound

    def fail():
        raise CacheNotFound("none", cache_dir=Path("none"))

    monkeypatch.setattr("huggingface_hub.scan_cache_dir", fail)
    (finding,) = doctor.hub_checkpoints()
    assert finding.mark == NOTE


@pytest.mark.parametrize(("path", "mark"), [("/usr/bin/chromium", OK), (None, MISSING)])
def test_browser(monkeypatch, path, mark):
    monkeypatch.setattr("workbench.notebook.figures.rendering.browser", lambda: path)
    assert doctor.browser()[0].mark == mark
