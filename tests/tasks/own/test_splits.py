"""Made splits: no group torn, labels in their shares, the same on every machine."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from workbench.tasks.own.splits import made_splits

SHARES = {"test": 0.2, "dev": 0.1}


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.integers(0, 5))
def test_no_group_is_torn(groups, seed):
    found = made_splits(SHARES, seed, groups, [[str(group % 3)] for group in groups])
    assert len(found) == len(groups)
    assert len(set(zip(groups, found, strict=True))) == len(set(groups))


@given(st.lists(st.sampled_from("aab"), min_size=3, max_size=200), st.integers(0, 5))
def test_each_label_has_its_share_to_less_than_one_unit(labels, seed):
    found = made_splits(SHARES, seed, range(len(labels)), [[label] for label in labels])
    sizes = Counter(found)
    for label, number in Counter(labels).items():
        for split in SHARES:
            held = sum(pair == (label, split) for pair in zip(labels, found, strict=True))
            assert abs(held - sizes[split] * number / len(labels)) < 1 + 1e-9


@given(st.integers(3, 200), st.integers(0, 5))
def test_the_shares_are_of_units(number, seed):
    sizes = Counter(made_splits(SHARES, seed, range(number)))
    assert sizes["test"] == max(1, round(0.2 * number))
    assert sizes["dev"] == max(1, round(0.1 * number))


def test_a_rare_label_is_in_test_about_as_often_as_its_share():
    draws = [
        made_splits(
            {"test": 0.25},
            seed,
            range(40),
            [["rare" if row == 7 else "common"] for row in range(40)],
        )[7]
        for seed in range(200)
    ]
    assert 25 <= draws.count("test") <= 75


def test_the_rarest_label_of_a_group_is_what_is_spread():
    groups = [row // 2 for row in range(40)]
    labels = [["rare", "common"] if row % 8 == 0 else ["common"] for row in range(40)]
    found = made_splits({"test": 0.2}, 0, groups, labels)
    assert (
        sum(split == "test" and "rare" in names for split, names in zip(found, labels, strict=True))
        == 1
    )


def test_a_draw_is_the_same_on_every_machine():
    found = made_splits(SHARES, 0, range(10), [["a" if row < 5 else "b"] for row in range(10)])
    assert found == ["train", "train", "test", "train", "dev", "train", "test", *["train"] * 3]


def test_another_seed_is_another_draw():
    assert made_splits(SHARES, 0, range(50)) != made_splits(SHARES, 1, range(50))
