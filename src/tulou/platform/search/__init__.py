"""Search: one portable design for SQLite and PostgreSQL; the same words find the same records in the same order."""
