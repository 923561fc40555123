"""Drive is a folder, which is there from one session to the next."""

from pathlib import Path

from google.colab import record


def mount(mountpoint, force_remount=False):
    record(f"mount {mountpoint}")
    (Path(mountpoint) / "MyDrive").mkdir(parents=True, exist_ok=True)
