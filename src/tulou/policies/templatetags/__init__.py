"""Tags of the policies' pages."""
