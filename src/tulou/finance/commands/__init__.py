"""The verbs of `tulou finance`, a module a task."""
