"""Pages of the financial services cloud."""
