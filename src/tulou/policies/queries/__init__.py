"""Reading policies, a module a subject."""
