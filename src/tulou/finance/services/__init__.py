"""Writing the market: each function is one story."""
