"""A repeated request with the same key has the same answer and no second effect."""
