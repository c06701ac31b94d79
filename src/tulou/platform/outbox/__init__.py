"""The outbox: messages are written in the transaction that they speak of, and delivered after it, each once."""
