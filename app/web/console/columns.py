"""A column of a list, on the page and in the file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Col:
    """A column: a key of the row's view. `money` is in minor units of the view's `currency`."""

    name: str
    label: str
    sort: bool = False
    figures: bool = False
    money: bool = False
    shown: bool = True
    """False: only in the file."""
    filed: bool = True
    """False: only on the page."""
