"""Verbs that keep things in order: the disk, the badges, the machine."""

import argparse

from workbench.verbs.verb import Verbs, add_outputs, add_verb, outputs_of


def add_gc(verbs: Verbs) -> None:
    """Add the verb ``gc``."""
    verb = add_verb(verbs, "gc", _gc, "remove what dead workers and old studies left")
    add_outputs(verb)
    verb.add_argument("--dry-run", action="store_true", help="only say what would go")
    verb.add_argument(
        "--finished", action="store_true", help="also finished runs that no study holds"
    )
    verb.add_argument(
        "--older-than", type=float, default=1.0, metavar="HOURS", help="leave younger files alone"
    )


def _gc(chosen: argparse.Namespace) -> int:
    from workbench.store.folder import RunStore
    from workbench.store.retention import bytes_of, collect
    from workbench.store.study import held_runs

    store = RunStore(outputs_of(chosen))
    removed = collect(
        store,
        keep=held_runs(store),
        older_than_seconds=chosen.older_than * 3600,
        dry_run=chosen.dry_run,
        drop_finished_outside_studies=chosen.finished,
    )
    for item in removed:
        print(f"{item.kind:<20} {item.bytes / 1e6:10.1f} MB  {item.path}")
    verb = "would free" if chosen.dry_run else "freed"
    print(f"{len(removed)} items, {verb} {bytes_of(removed) / 1e6:.1f} MB")
    return 0


def add_badges(verbs: Verbs) -> None:
    """Add the verb ``badges``."""
    text = "write the badges that open the notebooks in Colab or Binder"
    add_verb(verbs, "badges", _badges, text)


def _badges(chosen: argparse.Namespace) -> int:
    from workbench.notebook.badges import write_badges

    changed = write_badges()
    for path in changed:
        print(f"written: {path}")
    print(f"{len(changed)} files changed" if changed else "all as it should be: nothing changed")
    return 0


def add_doctor(verbs: Verbs) -> None:
    """Add the verb ``doctor``."""
    text = "say what this machine has and what is missing"
    add_verb(verbs, "doctor", _doctor, text)


def _doctor(chosen: argparse.Namespace) -> int:
    from workbench.doctor import main as examine
    from workbench.store.settings import SweepSettings, outputs_folder

    return examine(outputs_folder(SweepSettings()))
