"""Declared studies: a question with its arms, tuning and seeds, from the file to its contrasts."""
