import gc

import pytest

from workbench.execution.loading import uncollected


def test_the_collector_rests_and_then_leaves_what_was_loaded_alone():
    gc.unfreeze()
    with uncollected():
        assert not gc.isenabled()
        loaded = [[] for _ in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() > len(loaded)
    gc.unfreeze()


def test_the_collector_works_again_after_a_failure():
    with pytest.raises(ImportError), uncollected():
        raise ImportError
    assert gc.isenabled()
