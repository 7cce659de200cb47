"""Measurements, each in a house of its own that is thrown away afterwards."""
