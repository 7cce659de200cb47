"""Brand owners."""
