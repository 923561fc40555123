import numpy as np
import pytest

from workbench.notebook.figures import palette
from workbench.notebook.watching.lines import Lines, _lowest, _mean, _median, over_seeds, sd


def by_key(points):
    return {item.key: item for item in points}


def test_over_seeds_uses_the_seeds_that_reached_a_place(numbers):
    curves = [(numbers(1, 2, 3), numbers(1, 2, 9)), (numbers(1, 2), numbers(3, np.nan))]
    x, low, spread = over_seeds(curves, 1, _lowest, sd)
    np.testing.assert_array_equal(x, [1, 2, 3])
    np.testing.assert_array_equal(low, [1, 2, 9])
    np.testing.assert_allclose(spread, [np.sqrt(2), np.nan, np.nan])


def test_over_seeds_starts_where_it_is_told(numbers):
    curves = [(numbers(1, 2, 3), numbers(1, 2, 9))]
    x, median = over_seeds(curves, 2, _median)
    np.testing.assert_array_equal((x, median), [[2, 3], [2, 9]])


@pytest.mark.parametrize(("x", "y"), [((), ()), ((1,), (np.nan,))])
def test_over_seeds_without_a_value(x, y, numbers):
    x, *found = over_seeds([(numbers(*x), numbers(*y))], 0, _median, _lowest, _mean, sd)
    for statistic in found:
        np.testing.assert_array_equal(statistic, np.full(len(x), np.nan))


def test_everything_has_all_four_panels(followed, follow):
    lines = Lines(follow(followed(0, [4, 2], [0.5]), followed(1, [6, 8], [0.75])))
    found = by_key(lines.everything())
    assert set(found) == set(lines.keys)
    np.testing.assert_array_equal(found["loss", "seed", "r1"].y, [6, 8])
    np.testing.assert_array_equal(found["norm", "seed", "r1"].y, [60, 80])
    np.testing.assert_array_equal(found["loss", "median", "baseline"].y, [5, 5])
    np.testing.assert_array_equal(found["dev", "seed", "r0"].y, [50])
    np.testing.assert_array_equal(found["dev", "lowest", "baseline"].y, [50])
    np.testing.assert_array_equal(found["dev", "highest", "baseline"].y, [75])
    np.testing.assert_array_equal(found["dev", "mean", "baseline"].y, [62.5])
    np.testing.assert_allclose(found["spread", "spread", "baseline"].y, [25 / np.sqrt(2)])


def test_changes_are_what_is_new_and_the_median_from_there(followed, follow):
    follower = follow(followed(0, [4, 2, 1]), followed(1, [6]))
    lines = Lines(follower)
    lines.everything()
    assert lines.changes() == []
    follower.runs["r1"] = followed(1, [6, 8])
    found = by_key(lines.changes())
    assert set(found) == {
        ("norm", "seed", "r1"),
        ("loss", "seed", "r1"),
        ("loss", "median", "baseline"),
    }
    np.testing.assert_array_equal(found["loss", "seed", "r1"].x, [2])
    median = found["loss", "median", "baseline"]
    assert median.first == 2
    np.testing.assert_array_equal((median.x, median.y), [[2, 3], [5, 1]])


def test_a_run_that_was_read_anew_replaces_what_was_there(followed, follow):
    follower = follow(followed(0, [4, 2, 1]))
    lines = Lines(follower)
    lines.everything()
    follower.runs["r0"] = followed(0, [4, 3], restarts=1)
    found = by_key(lines.changes())
    assert found["loss", "seed", "r0"].first == float("-inf")
    np.testing.assert_array_equal(found["loss", "median", "baseline"].y, [4, 3])


def test_groups_are_techniques_and_models_where_there_are_several(followed, follow):
    runs = [followed(0), followed(0, label="freeze:3"), followed(1)]
    assert Lines(follow(*runs)).groups == {"baseline": ["r0", "r2"], "freeze:3": ["r1"]}
    two = Lines(follow(followed(0), followed(0, model="bert")))
    assert list(two.groups) == ["baseline, tiny", "baseline, bert"]


def traces(lines, *key):
    return lines.figure()["lines"][lines.keys.index(key)]["trace"]


def test_seeds_are_thin_and_the_median_is_bold_in_the_colour_of_the_technique(followed, follow):
    lines = Lines(follow(followed(3), followed(3, label="freeze:3")))
    seed, median = traces(lines, "loss", "seed", "r1"), traces(lines, "loss", "median", "freeze:3")
    assert (seed["line"]["width"], median["line"]["width"]) == (1, 3)
    assert median["line"]["color"] == palette.COLOURS[1]
    assert seed["line"]["color"] == palette.translucent(palette.COLOURS[1], palette.SEED_OPACITY)


@pytest.mark.parametrize(
    ("panel", "words"),
    [
        ("loss", "seed 3<br>step %{x}<br>loss %{y:.4g}<extra>baseline</extra>"),
        ("norm", "seed 3<br>step %{x}<br>norm %{y:.4g}<extra>baseline</extra>"),
        ("dev", "seed 3<br>epoch %{x}<br>dev %{y:.1f}<extra>baseline</extra>"),
    ],
)
def test_hover_tells_seed_step_and_value(panel, words, followed, follow):
    assert traces(Lines(follow(followed(3))), panel, "seed", "r0")["hovertemplate"] == words


def test_the_band_reaches_down_to_the_line_before_it(followed, follow):
    lines = Lines(follow(followed(0)))
    assert traces(lines, "dev", "highest", "baseline")["fill"] == "tonexty"
    order = [key for key in lines.keys if key[0] == "dev"]
    assert [kind for _, kind, _ in order[:2]] == ["lowest", "highest"]


def test_panels_have_words_and_the_norm_a_log_axis(followed, follow):
    panels = Lines(follow(followed(0))).figure()["panels"]
    assert [panel["name"] for panel in panels] == ["loss", "dev", "spread", "norm"]
    assert [panel["layout"]["yaxis"]["type"] for panel in panels] == ["linear"] * 3 + ["log"]
    assert panels[0]["words"] == "Training loss over steps: thin: one seed; bold: median"
    assert "Pearson" in panels[1]["layout"]["yaxis"]["title"]["text"]


def test_the_alarm_names_collapsed_seeds(followed, follow):
    follower = follow(followed(0), followed(4), followed(2, label="freeze:3"))
    lines = Lines(follower)
    assert lines.alarm() == ""
    follower.collapsed = ["r2", "r1", "r0"]
    assert lines.alarm() == "Collapsed: baseline, seeds 0, 4; freeze:3, seed 2."
