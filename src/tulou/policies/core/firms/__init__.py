"""Firms and their facts: one firm, many firms in columns, and the files that they come from."""
