"""What is said of new weights before loading is what loading then finds."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from workbench.models.checkpoint import find_checkpoint
from workbench.models.network import load
from workbench.models.novelty import new_parts

FAMILIES = ("bert", "roberta", "electra", "distilbert", "modernbert", "deberta-v2")


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize(
    ("per_token", "head"), [(False, "native"), (False, "linear"), (True, "native")]
)
@pytest.mark.parametrize("family", FAMILIES)
def test_words_agree_with_what_loading_finds(copied, family, per_token, head, stripped):
    folder = copied(family)
    if stripped:
        path = folder / "model.safetensors"
        beside = ("pooler.", "head.")
        kept = {
            name: value for name, value in load_file(path).items() if not name.startswith(beside)
        }
        save_file(kept, path, {"format": "pt"})
    checkpoint = find_checkpoint(str(folder))
    new = load(checkpoint, 4, per_token, head).new
    parts = [part for part in ("pooler", "head") if any(n.startswith(f"{part}.") for n in new)]
    assert new_parts(checkpoint, per_token, head) == " and ".join(parts)


def test_a_head_of_another_task_may_fit(copied):
    folder = copied()
    path = folder / "model.safetensors"
    save_file(load_file(path) | {"classifier.weight": torch.zeros(2, 16)}, path, {"format": "pt"})
    checkpoint = find_checkpoint(str(folder))
    said = "head, unless the checkpoint's has as many outputs"
    assert new_parts(checkpoint, False, "native") == said
    assert new_parts(checkpoint, False, "linear") == "head"
