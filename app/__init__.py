"""Perkline: digital goods sold through distributors."""
