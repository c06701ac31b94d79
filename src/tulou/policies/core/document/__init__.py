"""Policies as documents: read with path-precise errors, written, described by a JSON Schema."""
