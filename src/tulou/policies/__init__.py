"""Policies find the firm."""
