"""What the data of a task are like, in numbers."""
