"""Reading the courtyard's own tables."""
