"""What makes a price lower, and who pays for it."""
