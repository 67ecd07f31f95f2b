"""Pages of the desk. Find, validate, act, answer."""
