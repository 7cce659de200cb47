"""Doors for the queue and the clock."""
