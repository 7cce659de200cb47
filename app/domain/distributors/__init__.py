"""Distributors and their shops."""
