"""A sentence about the books, and the question that finds what breaks it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One sentence about the books. `question` answers with the rows that break it, at most :most."""

    name: str
    question: str
