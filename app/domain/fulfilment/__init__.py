"""What the buyer receives, once."""
