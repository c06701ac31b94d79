"""The commands of `tulou pool`, a module a subject; each adds its commands with `register(app)`."""
