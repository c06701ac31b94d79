"""Who is who: people, organisations, memberships and roles, and how people sign in."""
