"""The field's values, without any framework."""
