"""What arrives in bulk: records of other systems, and the demo practice."""
