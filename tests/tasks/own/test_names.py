"""An own task is found by the path of its file, or by the name a package gives it."""

import sys

import pytest

from workbench.errors import WorkbenchError
from workbench.store.settings import SweepSettings
from workbench.tasks.catalogue import canonical, find, shown
from workbench.tasks.loading import load
from workbench.tasks.own import registered

ROWS = "text,label\n" + "".join(f"text {number},{'yn'[number % 2]}\n" for number in range(20))


@pytest.fixture
def path(task_file):
    return task_file({"a.csv": ROWS}, name="Mine.YAML", data="a.csv", title="My notes")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that installs a package that offers its task under a name."""

    def install(name, value="ward_tasks:TASK"):
        site = tmp_path / "site"
        info = site / "ward_tasks-1.0.dist-info"
        info.mkdir(parents=True)
        (site / "a.csv").write_text(ROWS)
        (site / "task.yaml").write_text("name: x\nkind: classification\ndata: a.csv\n")
        (site / "ward_tasks.py").write_text(
            "from pathlib import Path\nTASK = Path(__file__).with_name('task.yaml')\n"
        )
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ward-tasks\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[workbench.tasks]\n{name} = {value}\n")
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, "ward_tasks", raising=False)
        registered.installed.cache_clear()

    yield install
    registered.installed.cache_clear()


def test_the_name_of_a_task_file_is_its_path(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    task, option = find(" Mine.YAML ")
    assert (task.name, task.title, option, task.synthetic) == ("notes", "My notes", "", False)
    assert canonical(task, option) == load("Mine.YAML").name == str(path.resolve())
    assert find(canonical(task, option))[0] == task
    assert shown(canonical(task, option)) == "notes"


def test_settings_hold_the_whole_path_wherever_it_was_typed(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    assert SweepSettings(task="Mine.YAML").task == str(path.resolve())
    assert SweepSettings(task="hoc:abstracts").task == "hoc:abstracts"


@pytest.mark.parametrize("text", ["no/such.yaml", "~nobody-here/a.yaml", "\0.yaml"])
def test_what_is_no_path_is_refused(text):
    with pytest.raises(WorkbenchError, match=r"there is no task file .* that can be read"):
        find(SweepSettings(task=text).task)
    assert shown(text) in ("such", "a", "\0")


def test_the_name_of_another_task_is_refused(task_file):
    # Its published scores would be shown beside it.
    path = task_file({"a.csv": ROWS}, name="x.yaml", data="a.csv")
    path.write_text(path.read_text().replace("name: notes", "name: hoc"))
    with pytest.raises(WorkbenchError, match="the name 'hoc' is that of another task"):
        find(str(path))


def test_a_package_adds_a_name(package):
    package("ward-notes")
    task = load("ward-notes")
    assert task.name == task.task.name == shown("ward-notes") == "ward-notes"
    assert len(task.splits["train"]) == 14
    with pytest.raises(WorkbenchError, match="there is no task 'ward-note': did you mean 'ward-n"):
        find("ward-note")
    with pytest.raises(WorkbenchError, match="task 'ward-notes' has no options"):
        find("ward-notes:sentences")


def test_a_name_of_a_package_is_found_whatever_its_case(package):
    package("Ward-Notes")
    task = load("Ward-notes")
    assert task.name == "ward-notes" and find(task.name)[0] == find("WARD-NOTES")[0]


def test_no_package_replaces_a_task_of_the_catalogue(package):
    package("hoc")
    assert find("hoc")[0].title == "HoC"


def test_a_package_that_does_not_load_is_named(package):
    package("ward-notes", "ward_tasks:NOTHING")
    with pytest.raises(WorkbenchError, match="the task 'ward-notes' at ward_tasks:NOTHING does"):
        find("ward-notes")
