"""Pure functions on tables of runs: spread, summary, conclusion, published yardsticks."""
