"""Instead of installing, writes down what it was asked to."""

import os
import sys
from pathlib import Path

words = sys.argv[1:]
frozen = Path(words[words.index("-c") + 1]).read_text().split()
with open(os.environ["COLAB_RECORDS"], "a") as file:
    file.write(f"pip {words[0]} {words[-1]} with {' '.join(frozen)}\n")
