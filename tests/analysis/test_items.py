import numpy as np
import pytest

from workbench.analysis import items
from workbench.analysis.items import ItemError, draws
from workbench.errors import WorkbenchError
from workbench.tasks.draws import scored_anew


def accuracy(gold, predicted):
    return float((gold == predicted).mean())


def item_error(score, gold, technique, baseline, groups=None, resamples=items.RESAMPLES, **kind):
    """Estimate from predictions ``[seeds, items]``."""
    groups = np.arange(len(gold)) if groups is None else groups
    drawn = draws(groups.max() + 1, resamples)
    sides = [
        np.array([scored_anew(score, gold, predictions, groups, drawn) for predictions in side]).T
        for side in (technique, baseline)
    ]
    return items.item_error(*sides, groups.max() + 1, **kind)


def test_the_component_between_draws_by_hand():
    # Row means 1 and 4, variance 4.5; the residuals are all 0.5, mean square 1; 4.5 - 1 / 2. Of
    # two items the variance of a draw is half of what it estimates.
    found = items.item_error(np.array([[0.0, 2.0], [4.0, 4.0]]), np.zeros((2, 2)), 2)
    assert found == (pytest.approx(8**0.5), 2)


def test_a_component_is_never_negative():
    assert items.item_error(np.array([[0.0, 2.0], [2.0, 0.0]]), np.zeros((2, 2)), 9).sd == 0.0


def test_runs_of_two_checkpoints_by_hand():
    # Means 1, 4 less 0, 3: variance 0. Unpaired, each side's own residual is taken off: 0.
    technique = np.array([[0.0, 2.0], [4.0, 4.0]])
    assert items.item_error(technique, technique - 1, 9, paired=False).sd == 0.0
    # Against a baseline that no draw moves: 4.5 - 1 / 2 again, whatever the number of its runs.
    found = items.item_error(technique, np.zeros((2, 3)), 2, paired=False)
    assert found.sd == pytest.approx(8**0.5)


@pytest.mark.parametrize("items", [4, 40])
def test_without_interaction_it_is_the_standard_error_over_items(items):
    # Every seed of the technique is right on the same three of four items, the baseline on none.
    technique = np.tile(np.resize([0, 0, 0, 1], items), (4, 1))
    found = item_error(accuracy, np.zeros(items), technique, np.ones((4, items)), resamples=4000)
    assert found.sd == pytest.approx((0.75 * 0.25 / (items - 1)) ** 0.5, rel=0.05)
    assert found.clusters == items


def test_what_differs_by_seed_and_item_alone_is_no_error_of_the_items():
    gold = np.zeros(200)
    drawn = np.random.default_rng(0).integers(2, size=(2, 20, 200))
    found = item_error(accuracy, gold, drawn[0], drawn[1])
    naive = (drawn[1].mean(axis=0) - drawn[0].mean(axis=0)).std() / 200**0.5
    assert found.sd < 0.5 * naive


def test_the_estimate_is_right_on_average():
    # Items differ by 1, seeds and residuals by 1 each: the items' variance of the mean is 1 / 30.
    generator = np.random.default_rng(1)
    found = []
    for _ in range(100):
        items, seeds = generator.standard_normal(30), generator.standard_normal((6, 1))
        technique = items + seeds + generator.standard_normal((6, 30))
        mean = lambda gold, predicted: float(predicted.mean())  # noqa: E731
        error = item_error(mean, items, technique, np.zeros((6, 30)), resamples=60)
        found.append(error.sd**2)
    standard_error = np.std(found) / 100**0.5
    assert np.mean(found) == pytest.approx(1 / 30, abs=3 * standard_error)


def test_items_of_a_group_are_drawn_together():
    gold, groups = np.zeros(40), np.repeat(np.arange(10), 4)
    technique = np.tile(np.repeat([0, 1], 20), (3, 1))  # Five groups right, five wrong.
    alone = item_error(accuracy, gold, technique, np.ones((3, 40)))
    grouped = item_error(accuracy, gold, technique, np.ones((3, 40)), groups)
    assert grouped.clusters == 10
    assert grouped.sd == pytest.approx((0.25 / 9) ** 0.5, rel=0.1)
    assert grouped.sd > 1.8 * alone.sd


def test_the_same_predictions_give_the_same_error():
    drawn = np.random.default_rng(2).integers(2, size=(2, 5, 30))
    first, second = (item_error(accuracy, np.zeros(30), drawn[0], drawn[1]) for _ in range(2))
    assert first == second


def test_draws_on_which_the_metric_is_undefined_are_left_out():
    def undefined_without_positives(gold, predicted):
        return accuracy(gold, predicted) if gold.any() else None

    gold = np.repeat([0, 1], [18, 2])
    drawn = np.random.default_rng(3).integers(2, size=(2, 5, 20))
    assert 0 < item_error(undefined_without_positives, gold, drawn[0], drawn[1]).sd < 1


@pytest.mark.parametrize(
    ("seeds", "items", "score", "message"),
    [
        (1, 20, accuracy, "at least two seeds"),
        (5, 1, accuracy, "two items"),
        (5, 20, lambda gold, predicted: None, "undefined on most draws"),
    ],
)
def test_what_cannot_be_estimated(seeds, items, score, message):
    predictions = np.zeros((seeds, items))
    with pytest.raises(WorkbenchError, match=message):
        item_error(score, np.zeros(items), predictions, predictions)


def test_half_width_and_share_by_hand():
    error = ItemError(0.03, 11)
    assert error.half_width(0.05) == pytest.approx(0.03 * 2.2281, abs=1e-5)  # t(0.975, 10)
    assert error.half_width(0) == np.inf
    assert error.share(0.04) == pytest.approx(0.36)  # 9 / 25
    assert ItemError(0.0, 11).share(0.0) == 0
