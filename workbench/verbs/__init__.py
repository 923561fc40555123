"""The verbs of the command line, what each takes beside what it does."""
