"""Every kind of a user's own task is trained, scored and stored like any other."""

import json

import pytest
import yaml

from workbench.execution.worker import work_on

TEXTS = [f"patient {number} took drug {number % 7}" for number in range(20)]
KINDS = {
    "classification": {"label": lambda place: "abc"[place % 3]},
    "multi-label": {
        "label": lambda place: ["a", "b"][: place % 3],
        "doc": lambda place: place // 2,
    },
    "regression": {"label": lambda place: place / 4},
    "tokens": {
        "words": lambda place: TEXTS[place].split(),
        "tags": lambda place: ["O", "B-Number", "O", "B-Drug", "I-Drug"],
    },
}
COLUMNS = {"multi-label": {"document": "doc"}, "tokens": {}}
METRICS = {"multi-label": "micro_f1", "regression": "pearson", "tokens": "entity_f1"}
PREDICTIONS = {"multi-label": (2, 2), "tokens": (4 * 5,)}
"""Shape of the predictions of the four test rows: documents and labels, or words."""


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_trained_and_scored(kind, make_study, tmp_path):
    rows = [
        {"text": text, "reply": text[::-1]}
        | {name: make(place) for name, make in KINDS[kind].items()}
        for place, text in enumerate(TEXTS)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    columns = COLUMNS.get(kind, {"second": "reply"})
    content = {"name": "own", "kind": kind, "data": "rows.jsonl", "columns": columns}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(content))
    store, study = make_study(task=str(tmp_path / "own.yaml"), techniques="baseline", max_steps=2)
    assert work_on(study.name, str(store.root), "cpu") == 0
    for run in study.run_ids:
        result = store.result(run)
        metric = METRICS.get(kind, "macro_f1")
        assert result["metric"] == metric and metric in result["test"]
        assert store.predictions(run)["test"].shape == PREDICTIONS.get(kind, (4,))
        assert result["notes"][0].startswith("dev and test of own were drawn")
