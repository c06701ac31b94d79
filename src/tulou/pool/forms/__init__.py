"""The courtyard's forms."""
