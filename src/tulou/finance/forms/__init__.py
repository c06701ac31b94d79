"""Forms of the financial services cloud."""
