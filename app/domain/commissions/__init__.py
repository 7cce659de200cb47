"""What each party of a sale earns, by which rule, and when it may have it."""
