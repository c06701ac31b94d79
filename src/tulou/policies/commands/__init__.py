"""The verbs of `tulou policy`, a module a task."""
