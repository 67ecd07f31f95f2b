"""Pages of the record. Find, validate, act, answer."""
