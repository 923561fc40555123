import pytest
import torch

from workbench.benchmark.precision import Precisions


@pytest.fixture
def precisions(checkpoints):
    return Precisions(checkpoints["bert"], ("bfloat16",), torch.device("cpu"), seeds=2, max_steps=3)


def test_equal_runs_are_trained_in_each_precision(precisions):
    told = []
    found = precisions.measure(lambda text, runs: told.append((text, runs)))
    assert (found["task"], found["text"], found["steps"]) == (
        "miniature-similarity",
        "generated text",
        3,
    )
    full, reduced = found["precisions"]
    assert (full["precision"], reduced["precision"]) == ("float32", "bfloat16")
    for each in (full, reduced):
        assert len(each["scores"]) == len(each["losses"]) == 2 and each["cohort"] == 1
        assert all(abs(score) <= 1 for score in each["scores"])
        assert each["losses"][0] != each["losses"][1] and each["repeated"] == []
    # Equal seeds: the same run but for rounding.
    assert full["losses"] == pytest.approx(reduced["losses"], rel=0.05)
    assert full["losses"] != reduced["losses"]
    assert told[0] == ("float32: 1 of 2 runs", 1) and len(told) == 4


def test_runs_follow_the_recipe_and_differ_by_their_seeds_alone(precisions):
    full, other = precisions.spec("float32", 1), precisions.spec("bfloat16", 1)
    recipe = precisions.prepared.task.task.recipes["small"]
    assert (full.learning_rate, full.batch_size, full.epochs) == (
        recipe.learning_rate,
        recipe.batch_size,
        recipe.epochs,
    )
    assert {full.weights_seed, full.order_seed, full.dropout_seed} == {1}
    assert full.to_json() | {"precision": "bfloat16"} == other.to_json()


def test_float32_comes_first_and_once(checkpoints):
    named = Precisions(checkpoints["bert"], ("bfloat16", "float32"), torch.device("cpu"))
    assert named.order == ("float32", "bfloat16")


def test_what_is_foretold_grows_with_runs(checkpoints):
    few, many = (
        Precisions(checkpoints["bert"], ("bfloat16",), torch.device("cpu"), seeds)
        for seeds in (2, 10)
    )
    assert many.foretell(1e9) == pytest.approx(5 * few.foretell(1e9))


def test_real_text_is_taken_where_it_is(checkpoints, monkeypatch, tmp_path):
    folder = tmp_path / "BIOSSES"
    folder.mkdir()
    rows = "".join(f"{i}\tone gene\tanother gene\t{i % 5}\n" for i in range(20))
    for split in ("train", "dev", "test"):
        (folder / f"{split}.tsv").write_text(f"pair_id\tsent1\tsent2\tscore\n{rows}")
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path))
    found = Precisions(checkpoints["bert"], ("bfloat16",), torch.device("cpu"))
    assert found.prepared.task.name == "biosses"
    # 20 pairs in batches of 16, half of the base model's 30 epochs.
    assert (found.spec("float32").batch_size, found.spec("float32").epochs) == (16, 15)


def test_repetitions_are_counted_by_the_scale_they_left(precisions):
    from types import SimpleNamespace

    from workbench.benchmark.precision import _note

    outcome = SimpleNamespace(
        result={"test": {"pearson": 0.5}, "metric": "pearson", "final_loss": 1.0}
    )
    scale = SimpleNamespace(state=[[65536.0, 3], [8192.0, 0]])
    trainer = SimpleNamespace(cohort=SimpleNamespace(scale=scale))
    found = {"scores": [], "losses": [], "repeated": []}
    _note(found, [outcome, outcome], trainer)
    assert found == {"scores": [0.5, 0.5], "losses": [1.0, 1.0], "repeated": [0.0, 3.0]}
