"""What ``compare.ipynb`` shows: every finished run as tables, sentences and figures."""
