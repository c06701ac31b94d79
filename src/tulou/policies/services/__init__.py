"""Writing policies, a module a subject."""
