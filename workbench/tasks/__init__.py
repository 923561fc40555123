"""What is learned: the catalogue of tasks, their files, their readers, encoding and metrics."""
