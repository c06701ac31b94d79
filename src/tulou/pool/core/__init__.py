"""The engine of the pool: plain Python, no framework."""
