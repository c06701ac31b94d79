"""Writing the courtyard's own tables."""
