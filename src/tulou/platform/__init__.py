"""What every room of the portal uses: audit, tasks, outbox, transitions, search, attachments, pages and the API kit."""
