"""What surrounds every request: who may come in, what a GET may do, what went wrong, how long it took."""
