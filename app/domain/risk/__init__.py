"""Who may not hoard."""
