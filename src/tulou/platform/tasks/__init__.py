"""Background work: django-tasks on the database, and what it lacks: lease, heartbeat, reaper, back-off, schedule."""
