from workbench.__main__ import main


def test_gc_says_what_it_removes_and_removes_it(tmp_path, capsys):
    leftover = tmp_path / "runs" / "0123456789abcdef" / "events.jsonl"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("{}\n")
    line = ["gc", "--outputs", str(tmp_path), "--older-than", "0"]
    assert main([*line, "--dry-run"]) == 0
    assert leftover.exists() and "would free" in capsys.readouterr().out
    assert main(line) == 0
    assert not leftover.exists() and "unfinished run" in capsys.readouterr().out
