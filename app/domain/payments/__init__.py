"""Money in and back."""
