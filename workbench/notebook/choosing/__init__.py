"""Choosing a sweep: task, model, techniques and settings, and what that is going to be."""
