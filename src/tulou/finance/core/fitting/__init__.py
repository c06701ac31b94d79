"""Fitting: from sorted values to tables of points."""
