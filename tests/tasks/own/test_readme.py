"""What the README says of own data works as it stands there."""

import re
from pathlib import Path

from workbench.tasks.loading import load
from workbench.tasks.task import SPLITS

README = Path(__file__).resolve().parents[3] / "README.md"


def test_the_example_is_a_task(tmp_path):
    text = README.read_text()
    [blocks] = re.findall(r"```yaml\n([^`]*columns:.*?)```.*?```csv\n(.*?)```", text, re.DOTALL)
    (tmp_path / "followup.yaml").write_text(blocks[0])
    (tmp_path / "notes.csv").write_text(blocks[1])
    task = load(str(tmp_path / "followup.yaml"))
    found = [row for split in SPLITS for row in task.splits[split]]
    assert task.task.labels == ("home", "ward") and len(found) == 10
    patients = [set(task.splits[split]["document"]) for split in SPLITS]
    assert sum(map(len, patients)) == len(set().union(*patients)) == 8
