"""State machines as data: tables of allowed moves, compare-and-set, and a history that is never rewritten."""
