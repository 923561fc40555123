import pytest

from workbench.errors import WorkbenchError
from workbench.store.folder import RunStore
from workbench.store.seal import check_open, is_open, seal, sealed, stage, unseal
from workbench.store.settings import SweepSettings
from workbench.store.study import Study


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


@pytest.mark.parametrize(
    ("name", "closed"),
    [
        ("mine-tuning-0123abcd", True),
        ("mine-reporting-0123abcd", True),
        ("mine", False),
        ("mine-tuning-0123abc", False),
        ("mine-other-0123abcd", False),
        ("other-tuning-0123abcd", False),
        ("mine-tuning-0123abcd-tuning-0123abcd", False),
    ],
)
def test_a_seal_is_on_every_sweep_of_a_declared_study(store, name, closed):
    seal(store, "mine")
    assert sealed(store, name) == closed
    unseal(store, "mine")
    assert not sealed(store, name)
    unseal(store, "mine")


def test_whether_scores_may_be_shown(store):
    study = Study("mine-tuning-0123abcd", SweepSettings(), (), (), {}, (), "cpu")
    assert is_open(store, study)
    check_open(store, study)
    seal(store, "mine")
    assert not is_open(store, study)
    with pytest.raises(WorkbenchError, match="sealed until that ends, so let python -m workbench"):
        check_open(store, study)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mine-tuning-0123abcd", "tuning"),
        ("mine-reporting-0123abcd", "reporting"),
        ("mine-tuning-0123abc", ""),
        ("mine", ""),
    ],
)
def test_what_a_sweep_is_for(name, expected):
    assert stage(name) == expected
