"""The financial services cloud."""
