"""Tulou: one pool of government data, and rooms of service around it, for the small firms of a province."""

__version__ = "0.1.0"
