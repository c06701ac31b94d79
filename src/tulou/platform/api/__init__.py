"""The API kit: organisation tokens with scopes, problem+json, cursor pages, every POST once, 4xx declared."""
