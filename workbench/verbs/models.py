"""Verbs for the models of a study: save them, read new text with one, push one to the hub."""

import argparse
import sys

from workbench.verbs.verb import Verbs, add_outputs, add_verb


def add_save(verbs: Verbs) -> None:
    """Add the verb ``save``."""
    verb = add_verb(verbs, "save", _save, "save models of a study that has been trained")
    verb.add_argument("study", help="its name")
    verb.add_argument(
        "--which", default="best", help="best (of each technique, by dev), every, or a technique"
    )
    verb.add_argument("--dry-run", action="store_true", help="only say what it would take")
    verb.add_argument("--device", default="", help="auto, cuda, cuda:1, mps or cpu")
    add_outputs(verb)


def _save(chosen: argparse.Namespace) -> int:
    from workbench.execution.repeat import save_models

    folders = save_models(chosen.study, chosen.which, chosen.outputs, chosen.device, chosen.dry_run)
    if not chosen.dry_run:
        print("\n".join(map(str, folders)))
    return 0


def add_predict(verbs: Verbs) -> None:
    """Add the verb ``predict``."""
    verb = add_verb(verbs, "predict", _predict, "read new text with a saved model")
    verb.add_argument("model", help="its folder, such as outputs/models/STUDY/baseline-seed3")
    verb.add_argument("file", help="one text a line, a tab between two, or JSON lines; - is input")
    verb.add_argument("--out", default="", help="write here, not to standard output")
    verb.add_argument("--tsv", action="store_true", help="write a table, as into a file .tsv")
    verb.add_argument("--jsonl", action="store_true", help="read JSON lines, as from a file .jsonl")
    verb.add_argument("--device", default="auto", help="auto, cuda, cuda:1, mps or cpu")


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


def add_push(verbs: Verbs) -> None:
    """Add the verb ``push``."""
    verb = add_verb(verbs, "push", _push, "push a saved model to the hub, privately")
    verb.add_argument("model", help="its folder")
    verb.add_argument("name", help="owner/name of the repository")
    verb.add_argument("--public", action="store_true", help="let everybody see it")


def _push(chosen: argparse.Namespace) -> int:
    from workbench.saved.push import push

    print(push(chosen.model, chosen.name, chosen.public))
    return 0
