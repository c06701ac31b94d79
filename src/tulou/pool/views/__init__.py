"""The courtyard's pages."""
