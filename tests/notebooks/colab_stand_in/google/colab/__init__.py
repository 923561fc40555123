"""A stand-in for the module of this name that Colab's kernel has loaded.

It stands for a machine on which the workbench is not installed until pip was asked to.
"""

import os
from importlib import metadata
from pathlib import Path

RECORDS = Path(os.environ["COLAB_RECORDS"])
DISTRIBUTION = "biomedical-finetuning-workbench"
_version = metadata.version


def record(line):
    with open(RECORDS, "a") as file:
        file.write(line + "\n")


def version(name):
    if name == DISTRIBUTION and "pip" not in (RECORDS.read_text() if RECORDS.exists() else ""):
        raise metadata.PackageNotFoundError(name)
    return "0" if name == DISTRIBUTION else _version(name)


metadata.version = version
# What pip installs with -e can be imported by processes that are started later.
os.environ["PYTHONPATH"] += os.pathsep + os.environ["COLAB_CLONE"]
