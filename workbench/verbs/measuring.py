"""Verbs that measure: the engine's speed, the errors of rules, tests and intervals."""

import argparse
import sys
from inspect import signature

from workbench.verbs.verb import Verbs, add_outputs, add_verb, outputs_of


def add_bench(verbs: Verbs) -> None:
    """Add the verb ``bench``."""
    text = "measure the engine on this machine beside transformers' own Trainer"
    verb = add_verb(verbs, "bench", _bench, text)
    verb.add_argument("--model", default="auto", help="minilm, random-base, or any other model")
    verb.add_argument("--tasks", default="", help="biosses,hoc,hoc:abstracts,ncbi-disease")
    verb.add_argument("--techniques", default="", help="baseline,freeze")
    verb.add_argument("--seeds", default="", help="numbers of seeds; default: 1,5,10,20")
    verb.add_argument(
        "--precision", default="auto", help="float32,bfloat16,float16; auto is all native"
    )
    verb.add_argument("--device", default="auto", help="auto, cuda, cuda:1 or cpu")
    verb.add_argument("--rounds", type=int, default=0, help="paired rounds; 0 chooses")
    verb.add_argument("--pairs", type=int, default=10, help="seeds trained in each precision")
    verb.add_argument("--only", default="", help="compare, precision, scaling, or several")
    verb.add_argument(
        "--compiled", default="auto", help="whether torch compiles the engine: auto, yes or no"
    )
    verb.add_argument(
        "--minutes", type=float, default=0.0, help="begin nothing that would end later; 0: no limit"
    )
    verb.add_argument(
        "--runs", type=int, default=0, help="only time the table of so many synthetic runs"
    )
    add_outputs(verb)


def _bench(chosen: argparse.Namespace) -> int:
    if chosen.runs:
        from workbench.benchmark.store import report

        print(report(chosen.runs))
        return 0
    from workbench.benchmark.command import main as measure
    from workbench.benchmark.settings import read_settings

    settings = read_settings(
        **{name: getattr(chosen, name) for name in signature(read_settings).parameters}
    )
    return measure(settings, outputs_of(chosen))


def add_simulate(verbs: Verbs) -> None:
    """Add the verb ``simulate``."""
    text = (
        "say how often the adaptive rule, or each test and interval, errs where the truth is known"
    )
    verb = add_verb(verbs, "simulate", _simulate, text)
    verb.add_argument("--studies", type=int, default=2000, help="invented for each row")
    verb.add_argument("--contrasts", type=int, default=3, help="techniques beside the baseline")
    verb.add_argument("--margin", type=float, default=2.0, help="in points; scores spread by 2")
    verb.add_argument("--error", type=float, default=0.05, help="of the whole study")
    verb.add_argument("--looks", type=int, nargs="+", metavar="SEEDS", help="seeds at each look")
    verb.add_argument(
        "--calibration",
        action="store_true",
        help="of each test and interval instead; a cell has as many samples as --studies says",
    )
    add_outputs(verb)


def _simulate(chosen: argparse.Namespace) -> int:
    if chosen.calibration:
        return _calibrate(chosen)
    from workbench.analysis.adaptive import Rule
    from workbench.analysis.looks import LOOKS
    from workbench.analysis.operating import report

    looks = tuple(chosen.looks or LOOKS)
    print(report(Rule(chosen.contrasts, chosen.margin / 100, chosen.error, looks), chosen.studies))
    return 0


def _calibrate(chosen: argparse.Namespace) -> int:
    from workbench.analysis.calibration import calibrate, report
    from workbench.analysis.summary import csv
    from workbench.protocol.progress_line import ProgressLine
    from workbench.store.atomic import make_folder, write_text

    line = ProgressLine(sys.stderr)
    table = calibrate(chosen.studies, progress=line)
    line.clear()
    path = outputs_of(chosen) / "calibration.csv"
    make_folder(path.parent)
    write_text(path, csv(table))
    print(f"{report(table)}\n\nWritten: {path}")
    return 0
