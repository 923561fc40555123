import pytest

from workbench.benchmark.agreement import compare, jobs_in_order
from workbench.benchmark.job import ENGINE

OURS = [2.0, 1.0]


@pytest.mark.parametrize(
    ("theirs", "precision", "difference", "agree"),
    [
        ([2.0, 1.00005], "float32", 5e-5, True),
        ([2.0, 1.0002], "float32", 2e-4, False),
        ([2.0, 1.0002], "bfloat16", 2e-4, True),
        ([2.2, 1.0], "bfloat16", 0.1, False),
        ([float("nan"), 1.0], "float32", None, False),
    ],
)
def test_curves_agree_within_the_precision(theirs, precision, difference, agree):
    found = compare({"engine": OURS, "tuned": theirs}, precision)
    assert found["agree"] is agree
    if difference:
        assert found["difference"]["tuned"] == pytest.approx(difference, rel=1e-6)


@pytest.mark.parametrize("losses", [{}, {"tuned": OURS}, {"engine": OURS}])
def test_nothing_to_compare_is_no_agreement(losses):
    assert compare(losses, "float32")["agree"] is None


def test_the_peers_get_the_order_that_the_engine_draws(make_comparison):
    job = make_comparison().job(ENGINE)
    jobs = {each.contestant: each for each in jobs_in_order(job)}
    assert jobs[ENGINE].train is job.train
    mine, theirs = job.train.lengths.tolist(), jobs["tuned"].train.lengths.tolist()
    assert sorted(mine) == sorted(theirs) and mine != theirs
    assert jobs["published"].train.lengths.tolist() == theirs


def test_real_processes_agree(make_comparison):
    found = make_comparison().agreement()
    assert found["agree"] is True and found["problems"] == {}
    assert [len(curve) for curve in found["losses"].values()] == [4, 4, 4]
