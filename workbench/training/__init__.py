"""The engine: packed batches, the cohort, its optimizer, its randomness, its scores."""
