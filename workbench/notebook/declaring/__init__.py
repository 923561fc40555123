"""Studies that are declared before they run: the form, the process, the report with its figures."""
