"""Rooms: the business, one folder each."""
