"""What a finished study says: figures, tables, the report, and models that are kept."""
