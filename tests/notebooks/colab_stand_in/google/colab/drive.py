"""Drive is a folder, which is there from one session to the next."""

import os
from pathlib import Path

from google.colab import record


def mount(mountpoint, force_remount=False):
    record(f"mount {mountpoint}")
    Path(mountpoint).mkdir(exist_ok=True)
    (Path(mountpoint) / "MyDrive").symlink_to(os.environ["COLAB_DRIVE"])
