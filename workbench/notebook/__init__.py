"""What the notebooks call: every cell is one line over these modules."""
