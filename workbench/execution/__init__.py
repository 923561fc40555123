"""Where cohorts run: this process, or workers on this machine."""
