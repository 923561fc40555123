"""The user's own task: a file that describes it, and the readers of its data.

Nothing of what the texts say is ever part of an error message or a note: places are named by file
and line, and values by their column.
"""
