import subprocess
import sys

import nbformat.v4 as v4
import pytest

from workbench.execution.progress import Progress
from workbench.notebook.timing import TrainingTime, sentence, training_seconds


def look(seconds, finished, seconds_left):
    return Progress(2, finished, 10, 0, seconds, seconds_left)


@pytest.mark.parametrize(
    ("looks", "seconds"),
    [
        ([], 0.0),
        ([look(1.0, 0, None), look(7.0, 0, None)], 0.0),
        ([look(5.0, 0, None), look(6.5, 0, 9.0), look(8.0, 1, 4.0)], 1.5),
        # The workers still end after the last run is finished.
        ([look(6.5, 0, 9.0), look(16.0, 2, 0.0), look(18.0, 2, 0.0)], 9.5),
    ],
)
def test_training_is_from_the_first_step_to_the_last_run(looks, seconds):
    training = TrainingTime()
    for progress in looks:
        training(progress)
    assert training.seconds == seconds


def test_the_seconds_pass_through_a_notebook():
    training = TrainingTime()
    training.seconds = 12.34
    shown = v4.new_output("display_data", {"text/plain": "a"}, metadata=training.metadata)
    stream = v4.new_output("stream", name="stdout", text="printed")
    cells = [v4.new_markdown_cell("words"), v4.new_code_cell("show()", outputs=[stream, shown])]
    assert training_seconds(v4.new_notebook(cells=cells)) == 12.3
    assert training_seconds(v4.new_notebook(cells=cells[:1])) == 0.0


def test_the_sentence():
    assert sentence(3723.4, 59.6) == "1:02:03 in all, 0:01:00 of it training"


def test_a_program_that_runs_the_notebook_loads_nothing_that_trains():
    code = (
        "import sys, workbench.notebook.batch as batch\n"
        "assert not {'torch', 'transformers', 'datasets', 'papermill'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
