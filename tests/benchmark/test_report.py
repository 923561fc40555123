"""The whole report: what was measured, and how."""

from tests.benchmark.sample import ALONE, PEERS, SCALING, SIDE, comparison, results
from workbench.benchmark import report


def test_the_whole_report_says_what_was_measured_and_how():
    found = results([comparison([*PEERS, ALONE, SIDE])], scaling=SCALING)
    for text in (report.as_markdown(found), report.as_text(found)):
        assert "a processor, 2 cores, 2 threads" in text
        assert "load average 0.2 at the start" in text
        assert "100 GFLOP/s in float32" in text
        assert "is computed: one seed's, times the seeds" in text
        assert "bfloat16 is not native" in text
    assert max(map(len, report.as_text(found).split("\n\n")[2].splitlines())) <= report.WIDTH
