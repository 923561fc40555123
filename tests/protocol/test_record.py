"""What was declared when, and what was changed after results could be seen."""

import json
from dataclasses import replace

import pytest

from workbench.errors import WorkbenchError
from workbench.protocol.conduct import Conduct
from workbench.protocol.record import amendments, declared_at, record
from workbench.protocol.sections import Contrast
from workbench.store.study import study_path


def test_seeds_that_are_added_after_looking_are_told(declare, machine, trainer):
    first = declare()
    assert not any("Changed on" in text for text in Conduct(first, machine).run().caveats)
    found = Conduct(replace(first, seeds=3), machine).run()
    (sentence,) = [text for text in found.caveats if "Changed on" in text]
    assert "when 4 reported runs had finished" in sentence and sentence.count("seeds") == 1
    # Whoever runs it again is told again, and once.
    again = Conduct(replace(first, seeds=3), machine).run()
    assert again.caveats == found.caveats and sentence in again.markdown


@pytest.mark.parametrize("after", [0, 3, 8])
def test_what_is_changed_before_any_reported_run_is_no_matter(declare, machine, trainer, after):
    trainer.stop_after = after
    with pytest.raises(KeyboardInterrupt):
        Conduct(declare(), machine).run()
    trainer.stop_after = None
    changed = declare(seeds=3, contrast=Contrast(margin=2.0))
    assert not any("Changed on" in text for text in Conduct(changed, machine).run().caveats)


def test_another_wording_is_no_change(declare, machine, trainer):
    conduct = Conduct(declare(), machine)
    conduct.run()
    reworded = declare(question="Does it help?", caveats=("Only a try.",))
    assert Conduct(reworded, machine).run().caveats == ["Only a try."]
    path = study_path(conduct.store, "small").with_name("declared.json")
    assert len(json.loads(path.read_text())["versions"]) == 1


def test_a_damaged_record_is_not_written_over(declare, machine, trainer):
    conduct = Conduct(declare(), machine)
    record(conduct.store, conduct.declaration)
    path = study_path(conduct.store, "small").with_name("declared.json")
    path.write_text("[]")
    for read in (record, amendments):
        with pytest.raises(WorkbenchError, match="is damaged: move it away"):
            read(conduct.store, conduct.declaration)
    assert path.read_text() == "[]"


def test_the_day_is_that_of_what_is_declared_now(declare, machine, trainer):
    conduct = Conduct(declare(), machine)
    assert declared_at(conduct.store, conduct.declaration) == ""
    record(conduct.store, conduct.declaration)
    path = study_path(conduct.store, "small").with_name("declared.json")
    versions = json.loads(path.read_text())["versions"]
    versions = [{**versions[0], "at": day, "declared": {"seeds": day}} for day in ("1st", "2nd")]
    path.write_text(json.dumps({"versions": versions}))
    assert declared_at(conduct.store, conduct.declaration) == "2nd"
