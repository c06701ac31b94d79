"""How names, addresses, keys and records go wrong on their way into departments' files."""
