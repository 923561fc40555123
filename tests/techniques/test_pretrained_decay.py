import pytest

from workbench.errors import WorkbenchError
from workbench.techniques import parse
from workbench.techniques.pretrained_decay import PretrainedDecay


def test_its_strength_is_what_it_pulls_with():
    assert PretrainedDecay.parse(["0.25"]).pull == 0.25
    assert parse("pretrained-decay:0.25+layerwise", 12).pull == 0.25
    assert parse("layerwise", 12).pull is None


def test_without_strength_it_is_neutral_but_its_hook_is_there():
    assert PretrainedDecay(0.0).neutral and PretrainedDecay(0.0).pull == 0.0


@pytest.mark.parametrize("strength", ["-0.1", "1.1", "nan", "inf"])
def test_a_strength_out_of_range_is_refused(strength):
    with pytest.raises(WorkbenchError, match="is out of range: choose 0 to 1"):
        PretrainedDecay.parse([strength])


def test_runs_of_any_strength_may_train_together():
    assert PretrainedDecay(0.1).cohort_key is PretrainedDecay(0.2).cohort_key is None
