"""Measurements, each in a house of its own with a reference in the same run."""
