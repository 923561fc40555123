"""The command line: the same verbs as the notebooks."""

import argparse
import os
import sys
from collections.abc import Sequence

from workbench import __version__
from workbench.errors import WorkbenchError
from workbench.verbs import comparing, looking, measuring, models, training, upkeep

_VERBS = (
    training.add_sweep,
    training.add_study,
    training.add_work,
    comparing.add_compare,
    comparing.add_advise,
    models.add_save,
    models.add_predict,
    models.add_push,
    upkeep.add_gc,
    measuring.add_bench,
    looking.add_blurb,
    looking.add_data,
    measuring.add_simulate,
    looking.add_techniques,
    looking.add_tasks,
    upkeep.add_badges,
    upkeep.add_doctor,
)
"""In the order in which help lists them."""


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
    for add in _VERBS:
        add(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
