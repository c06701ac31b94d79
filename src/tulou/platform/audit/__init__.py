"""The audit log: append-only, hash-chained, with signed checkpoints kept outside the database."""
