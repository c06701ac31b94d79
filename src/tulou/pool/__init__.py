"""The courtyard: the pool of departments' data."""
