"""The run folder: what is written while a run trains, what stays, and how it is read again."""
