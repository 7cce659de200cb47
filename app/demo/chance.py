"""Chance that falls the same way every time."""

from __future__ import annotations

from random import Random


def dice(name: str) -> Random:
    """Dice of that name: the same throws in every run."""
    return Random(name)  # noqa: S311 - shapes a demo, guards nothing
