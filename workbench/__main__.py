"""The command line: the same verbs as the notebooks."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import Field, fields
from inspect import signature
from pathlib import Path
from typing import Any

from workbench import __version__
from workbench.errors import WorkbenchError

# Everything else is imported by the verb that needs it, so that a mistyped line answers at once.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        status = chosen.run(chosen)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # Whoever read the output has seen enough, as `head` has; Python flushes again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except WorkbenchError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "stopped; what is finished stays, and the same line goes on from there", file=sys.stderr
        )
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m workbench",
        description="Fine-tune biomedical language models on small data, and trust the numbers.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _sweep_parser(verbs)
    _study_parser(verbs)
    _work_parser(verbs)
    _save_parser(verbs)
    _predict_parser(verbs)
    _push_parser(verbs)
    _gc_parser(verbs)
    _bench_parser(verbs)
    _blurb_parser(verbs)
    _data_parser(verbs)
    _simulate_parser(verbs)
    _plain_parser(verbs, "techniques", _techniques, "list the stabilization techniques")
    _plain_parser(verbs, "tasks", _tasks, "list the tasks, and what a task file of your own holds")
    _plain_parser(
        verbs, "badges", _badges, "write the badges that open the notebooks in Colab or Binder"
    )
    _plain_parser(verbs, "doctor", _doctor, "say what this machine has and what is missing")
    return parser


def _plain_parser(verbs, name: str, run, text: str) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    verb.set_defaults(run=run)
    return verb


def _sweep_parser(verbs) -> None:
    verb = _plain_parser(verbs, "sweep", _sweep, "run a batch through notebooks/sweep.ipynb")
    verb.formatter_class = argparse.RawDescriptionHelpFormatter
    verb.add_argument(
        "-p",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        dest="parameters",
        help="set a parameter, as papermill does",
    )
    verb.add_argument("notebook", nargs="?", type=Path, help="where to write the notebook that ran")
    verb.add_argument(
        "--dry-run", action="store_true", help="only say what it would take: time, memory, disk"
    )
    verb.epilog = "parameters:\n" + _parameter_help()


def _parameter_help() -> str:
    from workbench.store.parameters import listing

    return listing()


def _study_parser(verbs) -> None:
    verb = _plain_parser(
        verbs, "study", _study, "run a declared study: tune on dev, report, compare with baselines"
    )
    verb.add_argument(
        "file", nargs="?", default="", help="a study file, or the name of a shipped study"
    )
    verb.add_argument("--dry-run", action="store_true", help="only say what it would take")
    verb.add_argument("--device", default="auto", help="auto, cuda, cuda:1, mps or cpu")
    verb.add_argument("--workers", type=int, default=0, help="processes side by side; 0 chooses")
    _outputs_argument(verb)


def _work_parser(verbs) -> None:
    verb = _plain_parser(verbs, "work", _work, "train what a study misses, until nothing is left")
    verb.add_argument("study", help="its name")
    _outputs_argument(verb)
    verb.add_argument("--device", default="", help="auto, cuda, cuda:1, mps or cpu")
    verb.add_argument("--micro-batch", type=int, default=0, help="examples in one forward pass")


def _save_parser(verbs) -> None:
    verb = _plain_parser(verbs, "save", _save, "save models of a study that has been trained")
    verb.add_argument("study", help="its name")
    verb.add_argument(
        "--which", default="best", help="best (of each technique, by dev), every, or a technique"
    )
    verb.add_argument("--dry-run", action="store_true", help="only say what it would take")
    verb.add_argument("--device", default="", help="auto, cuda, cuda:1, mps or cpu")
    _outputs_argument(verb)


def _predict_parser(verbs) -> None:
    verb = _plain_parser(verbs, "predict", _predict, "read new text with a saved model")
    verb.add_argument("model", help="its folder, such as outputs/models/STUDY/baseline-seed3")
    verb.add_argument("file", help="one text a line, a tab between two, or JSON lines; - is input")
    verb.add_argument("--out", default="", help="write here, not to standard output")
    verb.add_argument("--tsv", action="store_true", help="write a table, as into a file .tsv")
    verb.add_argument("--jsonl", action="store_true", help="read JSON lines, as from a file .jsonl")
    verb.add_argument("--device", default="auto", help="auto, cuda, cuda:1, mps or cpu")


def _push_parser(verbs) -> None:
    verb = _plain_parser(verbs, "push", _push, "push a saved model to the hub, privately")
    verb.add_argument("model", help="its folder")
    verb.add_argument("name", help="owner/name of the repository")
    verb.add_argument("--public", action="store_true", help="let everybody see it")


def _gc_parser(verbs) -> None:
    verb = _plain_parser(verbs, "gc", _gc, "remove what dead workers and old studies left")
    _outputs_argument(verb)
    verb.add_argument("--dry-run", action="store_true", help="only say what would go")
    verb.add_argument(
        "--finished", action="store_true", help="also finished runs that no study holds"
    )
    verb.add_argument(
        "--older-than", type=float, default=1.0, metavar="HOURS", help="leave younger files alone"
    )


def _bench_parser(verbs) -> None:
    text = "measure the engine on this machine beside transformers' own Trainer"
    verb = _plain_parser(verbs, "bench", _bench, text)
    verb.add_argument("--model", default="auto", help="minilm, random-base, or any other model")
    verb.add_argument("--tasks", default="", help="biosses,hoc,hoc:abstracts,ncbi-disease")
    verb.add_argument("--techniques", default="", help="baseline,freeze")
    verb.add_argument("--seeds", default="", help="numbers of seeds; default: 1,5,10,20")
    verb.add_argument(
        "--precision", default="auto", help="float32,bfloat16,float16; auto is all native"
    )
    verb.add_argument("--device", default="auto", help="auto, cuda, cuda:1 or cpu")
    verb.add_argument("--rounds", type=int, default=0, help="paired rounds; 0 chooses")
    verb.add_argument("--only", default="", help="compare, precision, scaling, or several")
    verb.add_argument(
        "--compiled", default="auto", help="whether torch compiles the engine: auto, yes or no"
    )
    verb.add_argument(
        "--minutes", type=float, default=0.0, help="begin nothing that would end later; 0: no limit"
    )
    _outputs_argument(verb)


def _blurb_parser(verbs) -> None:
    verb = _plain_parser(verbs, "blurb", _blurb, "print the BLURB score of the finished runs")
    verb.add_argument("--model", default="", help="only this one, as its runs name it")
    verb.add_argument("--technique", default="", help="only this one, such as freeze:6")
    verb.add_argument("--study", action="append", default=[], help="only its runs; may be repeated")
    _outputs_argument(verb)


def _data_parser(verbs) -> None:
    verb = _plain_parser(verbs, "data", _data, "look at the data of tasks: only numbers, no text")
    verb.add_argument("tasks", nargs="*", metavar="TASK", help="default: all whose files are here")
    verb.add_argument(
        "--models", default="minilm", help="whose tokenizers cut the text, commas between"
    )
    verb.add_argument(
        "--counts", action="store_true", help="only counts, labels and repeats: no model is needed"
    )
    verb.add_argument("--csv", type=Path, metavar="FILE", help="write every number to this file")
    verb.add_argument("--figure", type=Path, metavar="FILE", help="draw a .png or .html file")


def _simulate_parser(verbs) -> None:
    text = "say how often the adaptive rule errs, by studies whose truth is known"
    verb = _plain_parser(verbs, "simulate", _simulate, text)
    verb.add_argument("--studies", type=int, default=2000, help="invented for each row")
    verb.add_argument("--contrasts", type=int, default=3, help="techniques beside the baseline")
    verb.add_argument("--margin", type=float, default=2.0, help="in points; scores spread by 2")
    verb.add_argument("--error", type=float, default=0.05, help="of the whole study")
    verb.add_argument("--looks", type=int, nargs="+", metavar="SEEDS", help="seeds at each look")


def _outputs_argument(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--outputs", default="", help="folder of the runs; default: the project's")


def _sweep(chosen: argparse.Namespace) -> int:
    if chosen.dry_run:
        from workbench.notebook.sweep import dry_run

        print(dry_run(dict(chosen.parameters)))
        return 0
    from workbench.notebook.batch import run_sweep

    return run_sweep(dict(chosen.parameters), chosen.notebook)


def _study(chosen: argparse.Namespace) -> int:
    from workbench.protocol import study_file

    if not chosen.file:
        listed = "\n".join(study_file.listing())
        print(f"Shipped studies:\n{study_file.overview()}\n\nA study file is YAML. It holds:")
        print(listed)
        return 0
    declaration = study_file.find(chosen.file)
    from workbench.protocol.conduct import carry_out
    from workbench.protocol.stages import Machine

    machine = Machine(chosen.device, chosen.workers, chosen.outputs)
    carry_out(declaration, machine, chosen.dry_run, _save_with_figures)
    return 0


def _save_with_figures(conduct: Any, findings: Any) -> Path:
    # What draws is loaded at the end, when it is needed.
    from workbench.notebook.study_report import save

    return save(conduct, findings)


def _work(chosen: argparse.Namespace) -> int:
    from workbench.execution.worker import work_on

    return work_on(chosen.study, chosen.outputs, chosen.device, chosen.micro_batch)


def _save(chosen: argparse.Namespace) -> int:
    from workbench.execution.repeat import save_models

    folders = save_models(chosen.study, chosen.which, chosen.outputs, chosen.device, chosen.dry_run)
    if not chosen.dry_run:
        print("\n".join(map(str, folders)))
    return 0


def _predict(chosen: argparse.Namespace) -> int:
    from workbench.saved.predict import load, read
    from workbench.saved.reading import read_texts, write_answers

    saved = load(chosen.model, chosen.device)
    texts = read_texts(chosen.file, saved.facts.inputs, chosen.jsonl)
    answers = read(saved, texts.examples)
    write_answers(answers, texts.ids, chosen.out, chosen.tsv)
    if cut := sum("cut" in answer for answer in answers):
        print(
            f"{cut} of {len(answers)} texts were cut to the model's {saved.longest} word pieces",
            file=sys.stderr,
        )
    return 0


def _push(chosen: argparse.Namespace) -> int:
    from workbench.saved.push import push

    print(push(chosen.model, chosen.name, chosen.public))
    return 0


def _gc(chosen: argparse.Namespace) -> int:
    from workbench.store.folder import RunStore
    from workbench.store.retention import bytes_of, collect
    from workbench.store.settings import SweepSettings, outputs_folder
    from workbench.store.study import held_runs

    store = RunStore(outputs_folder(SweepSettings(outputs=chosen.outputs)))
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


def _bench(chosen: argparse.Namespace) -> int:
    from workbench.benchmark.command import main as measure
    from workbench.benchmark.settings import read_settings
    from workbench.store.settings import SweepSettings, outputs_folder

    settings = read_settings(
        **{name: getattr(chosen, name) for name in signature(read_settings).parameters}
    )
    return measure(settings, outputs_folder(SweepSettings(outputs=chosen.outputs)))


def _blurb(chosen: argparse.Namespace) -> int:
    from workbench.notebook.blurb import blurb_text
    from workbench.store.folder import RunStore
    from workbench.store.settings import SweepSettings, outputs_folder

    store = RunStore(outputs_folder(SweepSettings(outputs=chosen.outputs)))
    print(blurb_text(store, chosen.model, chosen.technique, chosen.study), end="")
    return 0


def _data(chosen: argparse.Namespace) -> int:
    from workbench.notebook.data_check import check_data

    files = {"table": chosen.csv, "figure": chosen.figure}
    for part in check_data(chosen.tasks, chosen.models, chosen.counts, **files):
        print(part)
    return 0


def _simulate(chosen: argparse.Namespace) -> int:
    from workbench.analysis.adaptive import Rule
    from workbench.analysis.looks import LOOKS
    from workbench.analysis.operating import report

    looks = tuple(chosen.looks or LOOKS)
    print(report(Rule(chosen.contrasts, chosen.margin / 100, chosen.error, looks), chosen.studies))
    return 0


def _techniques(chosen: argparse.Namespace) -> int:
    from workbench.techniques import registry

    for name, kind in registry().items():
        print(f"{name}\n  {kind.summary}\n  source: {kind.source}\n  cost: {kind.cost.text}")
        for item in fields(kind):
            print(f"  {item.name:<12} {item.metadata.get('help', '')}{_accepted(item)}")
    return 0


def _tasks(chosen: argparse.Namespace) -> int:
    from workbench.analysis.summary import metric_name
    from workbench.tasks.catalogue import every
    from workbench.tasks.own.task_file import listing

    for task in every():
        options = f" (or with :{', :'.join(task.options[1:])})" if task.options else ""
        print(f"{task.name:<22} {task.title}: {task.type}, {metric_name(task.metric)}{options}")
    print("\nA task file of your own is YAML; type its path as the task. Its settings:")
    print("\n".join(listing()))
    return 0


def _accepted(item: Field) -> str:
    words = " or ".join(item.metadata.get("words", ()))
    default = f"default: {item.metadata.get('shown', item.default)}"
    return f" ({words}; {default})" if words else f" ({default})"


def _doctor(chosen: argparse.Namespace) -> int:
    from workbench.doctor import main as examine
    from workbench.store.settings import SweepSettings, outputs_folder

    return examine(outputs_folder(SweepSettings()))


def _badges(chosen: argparse.Namespace) -> int:
    from workbench.notebook.badges import write_badges

    changed = write_badges()
    for path in changed:
        print(f"written: {path}")
    print(f"{len(changed)} files changed" if changed else "all as it should be: nothing changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
